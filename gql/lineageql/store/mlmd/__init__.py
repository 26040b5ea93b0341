"""MLMD itself: the library in a worker process, and its service."""

import os

# What gRPC reads where it is first imported, which is in this package. Its own lines on stderr tell of every
# connection that ends; what they say stands in our errors. Its handlers around a fork wait for its threads, and one of
# those may wait for Python's lock to read a certificate: starting the worker would never end. We fork only to execute.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
