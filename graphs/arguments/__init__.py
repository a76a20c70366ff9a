"""What a call of `optimize` was given, made into a task and its registry."""
