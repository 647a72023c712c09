"""Durable work: a queue in the same database as the records, with leases, steps and schedules."""
