"""The life of versions: named, pinned, verified, rewritten, dropped, erased from."""
