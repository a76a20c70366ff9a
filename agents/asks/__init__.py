"""What agents are asked and what they answer, typed. An ask of a single operator is defined beside that operator."""
