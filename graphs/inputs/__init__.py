"""What nodes give to operators and strategies: requests, prompts to work on, generated examples, forks."""
