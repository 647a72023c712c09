"""Stage 1: why a project exists. Hypotheses, their budgets, and go / kill decisions with evidence."""
