"""Versions for others: where their tables lie, files in common formats, a description."""
