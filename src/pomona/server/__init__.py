"""The control plane's HTTP face: API, MLflow protocol, web UI. No logic of its own."""
