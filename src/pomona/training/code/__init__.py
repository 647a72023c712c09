"""Which code a run ran: its commit, and what was not committed."""
