"""Directives: catalog, parser, preview, submission."""
