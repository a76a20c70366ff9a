"""What Studio's form and the server's clients see of the graph's options."""

from __future__ import annotations

from pathlib import Path

from maieutic.graphs.integrations.langgraph_server import graph


def test_the_options_of_an_assistant_are_in_its_schema(tmp_path: Path) -> None:
    schema = graph({"configurable": {"recipe": "random-demos", "folder": str(tmp_path)}}).get_context_jsonschema()
    assert {"task", "recipe", "calls", "seed", "folder", "approve"} <= set(schema["properties"])
    assert schema["properties"]["calls"]["type"] == "integer"
    assert "limit on model calls" in schema["properties"]["calls"]["description"]
    assert "required" not in schema
