"""Pure data: what MLMD's nodes are, and what they mean as workspaces, runs, executions and artifacts.

No I/O and no GraphQL here.
"""
