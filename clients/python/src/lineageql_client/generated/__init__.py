"""Generated from schema.graphql by clients/python/scripts/generate.py; edit neither."""
