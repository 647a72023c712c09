"""Models that no run here logged: what in them would run code, and who says that it may."""
