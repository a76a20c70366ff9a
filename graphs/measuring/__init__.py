"""Running candidates on examples, duels, and the budget for the held-out test."""
