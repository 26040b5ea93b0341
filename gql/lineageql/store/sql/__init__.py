"""Reading MLMD's database by SQL."""
