"""The checks of a table in one pass: conditions on rows, repeats, findings on the whole."""
