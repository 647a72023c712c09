"""One module per kind of source; plugins of the group ``pomona.sources`` add more."""
