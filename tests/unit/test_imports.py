"""What may import what, and that light modules load nothing heavy."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "litellm",
    "langgraph",
    "textual",
    "xllamacpp",
    "sqlite_utils",
    "networkx",
    "optuna",
    "scipy",
    "numpy",
    "aiohttp",
    "langchain_core",
    "asyncio",
)
LIST = f"import sys; print([name for name in {HEAVY!r} if name in sys.modules])"


def contracts() -> int:
    """How many contracts pyproject.toml has."""
    written = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return len(written["tool"]["importlinter"]["contracts"])


def run(code: str, folder: Path) -> str:
    # Reading any variable of ours loads pydantic-settings.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MAIEUTIC_")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=False, env=plain
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def test_the_package_itself_imports_nothing_heavy_nor_pydantic(tmp_path: Path) -> None:
    assert run(f"import maieutic; {LIST}", tmp_path) == "[]"
    assert run("import maieutic, sys; print('pydantic' in sys.modules)", tmp_path) == "False"


@pytest.mark.parametrize("words", [["--help"], ["optimize", "--help"], ["models", "--help"]])
def test_help_imports_nothing_heavy(words: list[str], tmp_path: Path) -> None:
    code = (
        f"from maieutic.cli.app import app\ntry: app({words!r})\nexcept SystemExit as end: assert not end.code\n{LIST}"
    )
    assert run(code, tmp_path) == "[]"


def test_the_list_of_commands_loads_no_pydantic(tmp_path: Path) -> None:
    code = "from maieutic.cli.app import app\ntry: app(['--help'])\nexcept SystemExit: pass\nimport sys\n"
    assert run(f"{code}print('pydantic' in sys.modules)", tmp_path) == "False"


def test_a_value_of_the_core_imports_nothing_heavy(tmp_path: Path) -> None:
    assert run(f"from maieutic import Task, Prompt, Program, Budget, Example; {LIST}", tmp_path) == "[]"


def test_every_public_name_is_there_and_listed() -> None:
    import maieutic

    assert sorted(maieutic.__all__) == list(maieutic.__all__)
    assert set(maieutic.__all__) == set(maieutic._MODULES)
    assert [name for name in maieutic.__all__ if getattr(maieutic, name) is None] == []
    assert set(maieutic.__all__) <= set(dir(maieutic))


def test_an_unknown_name_is_an_attribute_error() -> None:
    import maieutic

    with pytest.raises(AttributeError, match="no attribute 'optimise'"):
        maieutic.__getattr__("optimise")


def test_layers_entrances_and_acyclicity_hold(tmp_path: Path) -> None:
    config = ROOT / "pyproject.toml"
    code = f"from importlinter.cli import lint_imports; raise SystemExit(lint_imports({str(config)!r}, no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{contracts()} kept, 0 broken" in done.stdout


def test_a_second_entrance_would_be_seen(tmp_path: Path) -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    changed = text.replace("maieutic.core.lineage -> networkx", "maieutic.core.task -> networkx")
    assert changed != text
    config = tmp_path / "pyproject.toml"
    config.write_text(changed, encoding="utf-8")
    code = f"from importlinter.cli import lint_imports; raise SystemExit(lint_imports({str(config)!r}, no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode != 0
    assert f"{contracts() - 1} kept, 1 broken" in done.stdout
