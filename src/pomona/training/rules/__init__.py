"""Decisions of training, pure: limits, the filter grammar, names, paths, sampling."""
