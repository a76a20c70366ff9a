"""Operators: make new programs from parents and evidence."""
