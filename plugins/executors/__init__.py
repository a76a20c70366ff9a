"""Where measurements are run."""
