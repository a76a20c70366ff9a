"""Transports: one module per way to reach a model."""
