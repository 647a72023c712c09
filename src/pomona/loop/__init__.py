"""Closes the circle: turns what one stage tells into the next action of another, and says why."""
