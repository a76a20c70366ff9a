"""Logging and OpenTelemetry spans."""
