"""A task in two steps: extract the request from a long message, then name the team that it belongs to."""
