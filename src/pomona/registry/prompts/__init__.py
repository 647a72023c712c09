"""Prompts: texts with places to fill in, in versions, as programs load them by name and alias."""
