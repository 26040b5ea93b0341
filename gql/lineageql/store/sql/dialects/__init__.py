"""What differs between the databases in the text of a statement: a module each, and what they have in common."""

from lineageql.store.sql.dialects.dialect import Comparison, Dialect, Parameters, Prepared, Statement, one_of

__all__ = ["Comparison", "Dialect", "Parameters", "Prepared", "Statement", "one_of"]
