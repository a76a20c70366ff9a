"""Methods side by side: our recipes, the published packages and plain baselines, at equal calls of the target."""
