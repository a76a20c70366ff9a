"""The boundary where a person is heard, and what each directive does there."""
