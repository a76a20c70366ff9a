"""Agents that can answer for a role in place of the default."""
