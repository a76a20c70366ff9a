"""Simulated environments for multi-turn targets."""
