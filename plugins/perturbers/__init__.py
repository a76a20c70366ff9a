"""Perturbers: variants of a prompt or an example that keep its intent."""
