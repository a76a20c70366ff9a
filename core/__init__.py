"""Ground floor: values and rules. No I/O, no model, no disk."""
