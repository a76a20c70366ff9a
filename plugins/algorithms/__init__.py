"""Algorithms that several operators, strategies and allocators share."""
