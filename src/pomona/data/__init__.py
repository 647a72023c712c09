"""Stage 2: what a model may learn from. Datasets, immutable versions, checks, profiles."""
