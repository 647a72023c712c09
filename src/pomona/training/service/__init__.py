"""Use cases of training: tracking and entries."""
