"""Versioned tables as Delta Lake with deletion vectors: the format only, the catalogue is elsewhere."""
