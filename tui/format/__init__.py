"""Text, glyphs, styles and themes."""
