"""What training remembers, in SQL."""
