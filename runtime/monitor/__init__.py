"""Projections of the event log for displays."""
