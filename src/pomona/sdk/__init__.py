"""What users call from Python; it always speaks the HTTP API, to a socket or in this process."""
