"""Servers: a run's best prompt as an OpenAI-compatible endpoint, and the commands as MCP tools."""
