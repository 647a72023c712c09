"""Taking over what a team has in MLflow: experiments, runs, models, files and the registry."""
