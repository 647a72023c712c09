"""Marts: SQL over dataset versions, kept as versions of a dataset of its own, with lineage by column."""
