"""What directives do to a run: each takes effect at a step boundary."""
