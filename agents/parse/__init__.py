"""From a model's text to typed replies."""
