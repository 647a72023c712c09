"""Around the checks of a dataset: their file, proposals, history, the rows that fail them."""
