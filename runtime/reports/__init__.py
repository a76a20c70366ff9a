"""Renders a report as text, Markdown and HTML."""
