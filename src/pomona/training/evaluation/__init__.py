"""Evaluation datasets: questions, what should be answered, and where both came from."""
