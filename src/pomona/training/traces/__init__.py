"""Traces: what a call of an application did, span by span, and what was judged of it."""
