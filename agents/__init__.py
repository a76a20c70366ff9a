"""Who thinks: planner, teacher, critic and student, their instructions, and how their answers are read."""
