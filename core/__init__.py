"""Values and rules of prompt optimization: pure, without models, network or disk."""
