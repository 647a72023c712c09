"""The doors' implementations: databases, blobs, clock. Knows no stage; only ``pomona.app`` names it."""
