"""Targets: how a program is run on one input."""
