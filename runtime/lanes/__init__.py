"""Lanes: the ways a request can take to a model. One behaviour, whichever is taken."""
