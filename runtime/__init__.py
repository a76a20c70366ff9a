"""All input and output of a run: models, the store, task files, monitoring, reports and telemetry."""
