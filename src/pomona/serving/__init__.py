"""Stage 5: deploy models, answer requests, remember every prediction and what became of it."""
