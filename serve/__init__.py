"""Servers of what a run found: the winning prompt in front of any model, and the command line's verbs for agents."""
