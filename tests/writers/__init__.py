"""Stores as the real writers make them, each written through ml-metadata by `python -m tests.writers.<writer> PATH`.

A process of its own writes: ml-metadata and Python's sqlite3 in one process break each other's locks.
"""
