"""A Reader over MLMD's own service, for stores whose database is out of reach."""
