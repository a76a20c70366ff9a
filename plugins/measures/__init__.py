"""Measures: how much of a prompt's score is format, wording, luck, memory, order or bias."""
