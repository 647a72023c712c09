"""The ``pomona`` command: parse, call the SDK, print."""
