"""Observers: what else receives the events of a run."""
