"""Seals: what was registered is signed, and checked before it is loaded."""
