"""Two versions side by side, column by column."""
