"""The data plane: one process that answers requests and journals what it answered.

Needs neither the database nor the control plane to serve: it works from its last snapshot, and imports
neither of their libraries.
"""
