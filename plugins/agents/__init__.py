"""What may stand behind a role in place of the shipped."""
