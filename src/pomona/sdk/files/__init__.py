"""File sets from Python: a working folder and its versions."""
