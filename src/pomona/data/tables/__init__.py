"""What a version is made of: canonical types, sorted runs, differences, drafts, data files."""
