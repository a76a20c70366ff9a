"""Screen content as styled lines. No Textual."""
