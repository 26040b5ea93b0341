"""The search index of a store: the texts of its entities, folded, beside MLMD's tables in the same database."""
