"""What agents are asked and what they answer, typed."""
