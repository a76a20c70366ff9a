"""What is listed for the wheel is what is there."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OUTSIDE = {"tests", "benchmarks", "docs", "build"}


@pytest.fixture(scope="module")
def setuptools() -> dict[str, object]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return dict(project["tool"]["setuptools"])


def test_every_package_folder_is_listed_and_every_listed_package_is_a_folder(setuptools: dict[str, object]) -> None:
    folders = {init.parent.relative_to(ROOT) for init in ROOT.rglob("__init__.py")}
    kept = {f for f in folders if not any(part.startswith(".") or part in OUTSIDE for part in f.parts)}
    names = {".".join(("maieutic", *folder.parts)) for folder in kept}
    assert names == set(setuptools["packages"])  # type: ignore[call-overload]


def test_every_data_file_beside_code_goes_into_the_wheel(setuptools: dict[str, object]) -> None:
    listed = setuptools["package-data"]
    missing = []
    for name in setuptools["packages"]:  # type: ignore[attr-defined]
        folder = ROOT.joinpath(*name.split(".")[1:])
        patterns = listed.get(name, [])  # type: ignore[attr-defined]
        data = [f for f in folder.iterdir() if f.suffix in {".md", ".toml", ".jsonl", ".txt"} and folder != ROOT]
        missing += [str(f.relative_to(ROOT)) for f in data if not any(f.match(pattern) for pattern in patterns)]
    assert missing == []
