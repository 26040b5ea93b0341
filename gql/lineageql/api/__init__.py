"""GraphQL: the types, the inputs, the loaders and the schema."""

# The model's enums must have their names and descriptions before a type mentions one of them.
from lineageql.api import enums as enums
