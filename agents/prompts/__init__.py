"""The agents' instructions: one text file a role and skill, versioned by name."""
