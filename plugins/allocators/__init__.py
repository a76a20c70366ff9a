"""Allocators: which measurements to pay for next."""
