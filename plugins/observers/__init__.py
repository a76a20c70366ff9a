"""Who else hears a run."""
