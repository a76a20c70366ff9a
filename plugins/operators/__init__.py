"""Operators propose new programs from parents and evaluations."""
