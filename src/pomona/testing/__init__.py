"""Fakes and contract tests that Pomona's own tests and plugin authors share."""
