"""Applies directives at step boundaries: pause, approval, edits, data changes."""
