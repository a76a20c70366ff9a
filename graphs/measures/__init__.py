"""Measures of a prompt, without a search: what fits, what it takes, and its figures in the store."""
