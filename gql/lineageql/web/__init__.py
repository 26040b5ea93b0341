"""The ASGI application: GraphQL over HTTP, GraphiQL, health."""
