"""Plugin discovery, registration, loading and isolation."""
