"""Stage 3: training. Tracked runs (MLflow protocol), code and environment, entries, executors."""
