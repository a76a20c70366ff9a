"""Published methods as data, one TOML a method."""
