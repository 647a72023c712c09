"""Webhooks: what happens in the registry, told to an address that asked for it."""
