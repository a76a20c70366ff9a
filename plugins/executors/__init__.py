"""Executors: where examples are measured."""
