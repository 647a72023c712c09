"""Two model versions side by side: everything in which they differ."""
