"""Pure mathematics: arrays in, frozen results out. No I/O, no clock, no randomness of its own.

Import from the modules: ``from pomona.stats.drift import psi``.
"""
