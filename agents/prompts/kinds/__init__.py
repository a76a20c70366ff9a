"""Instructions for texts that are no prompts: `<kind>.<role>.<skill>.v<version>.md`."""
