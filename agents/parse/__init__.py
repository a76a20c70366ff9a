"""Reads typed replies out of model text."""
