"""Data and task.toml; see the folder."""
