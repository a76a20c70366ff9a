"""Allocators decide which measurements to pay for next."""
