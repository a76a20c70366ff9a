"""The Python of README and docs, and the notebook, as they stand there, against simulated models on loopback."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from maieutic.graphs.result import Result
from maieutic.testing import ScriptedModel, StubServer
from maieutic.testing.simulated_models import SimulatedOptimizer

ROOT = Path(__file__).parents[2]
TEAMS = ("billing", "bug", "account", "shipping")
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def tickets() -> list[dict[str, str]]:
    lines = (ROOT / "examples" / "tickets" / "test.jsonl").read_text(encoding="utf-8").splitlines()[:36]
    return [{"text": row["input"], "team": row["output"]} for row in map(json.loads, lines)]


def answer(messages: Any) -> str:
    """Right on some tickets, by a rule that needs no knowledge."""
    return TEAMS[len(messages[-1]["content"]) % len(TEAMS)]


def blocks() -> list[Any]:
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/coming-from.md")}
    ours = [(name, block) for name, text in texts.items() for block in BLOCK.findall(text) if "maieutic" in block]
    return [pytest.param(block, id=f"{name}-{number}") for number, (name, block) in enumerate(ours)]


@pytest.fixture(scope="module")
def models() -> Iterator[tuple[str, str]]:
    with StubServer(ScriptedModel(answer)) as target, StubServer(SimulatedOptimizer()) as optimizer:
        yield f"openai/stub@{target.base}", f"openai/stub@{optimizer.base}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "anything")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("block", blocks())
async def test_documented_python_runs(
    block: str, models: tuple[str, str], capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    target, optimizer = models
    code = block.replace('"openai/gpt-4o-mini"', repr(target)).replace('"openai/gpt-4o"', repr(optimizer))
    code = code.replace("calls=400", "calls=90").replace(", progress=True", "")
    namespace: dict[str, Any] = {"tickets": tickets(), "my_app": answer}
    if "to_pandas" in code:
        pytest.importorskip("pandas")
    work = eval(compile(code, "documented", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), namespace)
    if inspect.iscoroutine(work):
        await work
    result = namespace["result"]
    assert isinstance(result, Result)
    assert result.state == "finished"
    assert "interval" in capsys.readouterr().out or "print(" not in code


@pytest.mark.slow
def test_the_notebook_runs(models: tuple[str, str], folder: Path) -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(ROOT / "examples" / "notebook.ipynb", as_version=4)
    for cell in notebook.cells:
        for role, model in zip(("target", "optimizer"), models, strict=True):
            cell.source = cell.source.replace(f'{role}="local/smollm2"', f"{role}={model!r}")
        cell.source = cell.source.replace("calls=400", "calls=90")
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute(cwd=str(folder))
    pages = [
        output.get("data", {}).get("text/html", "")
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]
    assert any("· finished" in page and "candidates" in page for page in pages), "the panel shows the end of the run"
    assert any("<table>" in page and "<strong>" in page for page in pages), "the result shows itself"
