"""Strategies decide which parents and operators come next, and which candidates stay."""
