"""Model cards: what the ledger knows of a version and what people say about it, in one README."""
