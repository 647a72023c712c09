"""Stage 4: proves a model on part of the traffic, then promotes it or takes it back."""
