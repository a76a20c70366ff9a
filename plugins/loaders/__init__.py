"""Readers of data sources: files, remote sets, benchmarks, other tools' formats."""
