"""The MCP tool `improve` through the official client: it answers at once, with the prompt and what it cost."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from maieutic.testing import ScriptedModel, StubServer


@pytest.mark.slow
async def test_an_agent_improves_a_prompt(tmp_path: Path) -> None:
    mcp = pytest.importorskip("mcp")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OPENAI_API_KEY": "anything"}
    server = mcp.StdioServerParameters(command=sys.executable, args=["-m", "maieutic", "mcp"], env=env, cwd=tmp_path)
    model = ScriptedModel({}, otherwise="<changes>- shorter</changes>\n<prompt>Say -yes- or -no-.</prompt>")
    with StubServer(model) as stub:
        async with mcp.Client(server) as client:
            arguments = {"prompt": "-Say yes or no", "optimizer": f"openai/stub@{stub.base}"}
            result = await client.call_tool("improve", arguments)
            assert not result.is_error, result.content[0].text
            improved = result.structured_content
            refused = await client.call_tool("improve", {"prompt": " "})
    assert improved["prompt"] == "Say -yes- or -no-."
    assert (improved["measured"], improved["calls"]) == (False, 1)
    assert "nothing was measured" in improved["note"]
    assert improved["next"].startswith("maieutic init ")
    assert refused.is_error
    assert stub.count == 1
