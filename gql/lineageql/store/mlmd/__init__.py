"""MLMD itself: the library in a worker process, and its service."""
