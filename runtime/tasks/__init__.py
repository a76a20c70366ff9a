"""Reads and writes task files and their data."""
