"""The circle seen as a whole: its live state, and the trace of one decision through all its stages."""
