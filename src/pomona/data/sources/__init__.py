"""Sources: where tables come from, and how they are taken over as versions of datasets."""
