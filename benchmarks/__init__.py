"""Measurements that users can repeat. Nothing here is asserted in a test."""
