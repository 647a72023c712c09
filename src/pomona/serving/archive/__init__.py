"""Predictions and outcomes as datasets in append form, which any tool reads."""
