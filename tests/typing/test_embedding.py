"""Type checkers see the package where it is installed, as a wheel or editable, and find a misspelt option."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow

EMBEDDING = """
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maieutic import EvaluatorSpec, Event, ModelRef, Models, Output, Result, Task
from maieutic import aoptimize, load_task, optimize, optimize_app, resume

rows = [{"text": "It arrived broken.", "team": "repair"}, {"text": "Give me my money back.", "team": "refund"}]


def right(example: Mapping[str, Any], output: str) -> tuple[float, str]:
    return float(example["team"] == output), "name the team"


def enough(event: Event) -> bool:
    return event.kind == "best_changed"


def agent(question: str) -> str:
    return question


app_result: Result = optimize_app(agent, {"system": "Answer."}, train=rows, val=rows, calls=100, patience=2)
result: Result = optimize(
    prompt="Name the team.", train=rows, output="team", metric=right, target="openai/x", calls=400, callbacks=enough
)
table: list[dict[str, Any]] = result.candidates()
again: Result = resume(result.run, metric=right, budget=800)
task: Task = load_task("folder")
other: Result = optimize(task, metric=["exact", EvaluatorSpec(use="numeric")], budget=400, patience=3)
models = Models(target=ModelRef.parse("openai/x"))


async def embedded() -> str:
    done = await aoptimize("folder", models=models, usd=1.5, recipe="gepa", progress=True)
    return done.prompt.instruction


def text_of(output: Output) -> str:
    return output.text
"""
MISSPELT = 'from maieutic import optimize\n\noptimize(prompt="Name the team.", train=[("a", "b")], bugdet=3)\n'


@pytest.fixture(scope="module", params=["wheel", "editable"])
def python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment where a copy of the package is installed as users install it."""
    folder = tmp_path_factory.mktemp(request.param)
    copy = folder / "clone"
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    for name in filter(None, files):
        if (ROOT / name).is_file() and not name.startswith(("tests/", "benchmarks/")):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    venv.create(folder / "venv", with_pip=False)
    interpreter = folder / "venv" / "bin" / "python"
    packages = next((folder / "venv" / "lib").iterdir()) / "site-packages"
    # The dependencies are those of this environment; the package itself comes first.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    how = ["-e", str(copy), "--config-settings", "editable_mode=strict"] if request.param == "editable" else [str(copy)]
    pip = [str(interpreter), "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--force-reinstall", "--prefix", str(folder / "venv"), *how], check=True, env=environment())
    return interpreter


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MYPYPATH")}


def run_mypy(file: Path, python: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python), "--cache-dir", str(cache)]
    return subprocess.run(
        [*command, str(file)], cwd=file.parent, env=environment(), capture_output=True, text=True, check=False
    )


def run_pyright(file: Path, python: Path) -> subprocess.CompletedProcess[str]:
    (file.parent / "pyrightconfig.json").write_text('{"typeCheckingMode": "standard"}', encoding="utf-8")
    command = [sys.executable, "-m", "basedpyright", "--pythonpath", str(python), str(file)]
    return subprocess.run(command, cwd=file.parent, env=environment(), capture_output=True, text=True, check=False)


def test_an_embedding_file_is_right_and_a_misspelt_option_found(python: Path, cache: Path, tmp_path: Path) -> None:
    right, wrong = tmp_path / "embedding.py", tmp_path / "misspelt.py"
    right.write_text(EMBEDDING, encoding="utf-8")
    wrong.write_text(MISSPELT, encoding="utf-8")
    accepted, refused = run_mypy(right, python, cache), run_mypy(wrong, python, cache)
    assert accepted.returncode == 0, accepted.stdout + accepted.stderr
    assert refused.returncode == 1
    assert 'Unexpected keyword argument "bugdet"' in refused.stdout
    pytest.importorskip("basedpyright")
    accepted, refused = run_pyright(right, python), run_pyright(wrong, python)
    assert accepted.returncode == 0, accepted.stdout + accepted.stderr
    assert refused.returncode == 1
    assert 'No parameter named "bugdet"' in refused.stdout
