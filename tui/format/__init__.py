"""Pure text formatting: glyphs, styles, fields. No Textual."""
