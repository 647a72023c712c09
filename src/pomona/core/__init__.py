"""The words every stage shares. Imports nothing else of Pomona."""
