"""Worlds that a program can be played in, a step at a time. See `episode.py` for the contract."""
