"""Approvals: a version becomes champion, or goes to production, only when others agreed."""
