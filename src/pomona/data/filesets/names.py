"""Names that never belong to a file set. This module imports nothing: `status` may not take long to start."""

OWN_FOLDERS = frozenset({".pomona", ".git", ".dvc"})  # a checkout must not write there
