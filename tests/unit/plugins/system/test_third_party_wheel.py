"""A distribution of somebody else's, built as a wheel, installed elsewhere, found, used in a run and checked; and the
commands of the tutorial, as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from maieutic.testing import ScriptedModel, StubServer

ROOT = Path(__file__).parents[4]
WORDS = ("crane", "slate", "pious", "tiger", "mango", "lemon", "zebra", "queen")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pip put the wheel."""
    base = tmp_path_factory.mktemp("wordle")
    shutil.copytree(ROOT / "examples" / "plugin_wordle", base / "project")
    wheel = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(base)]
    done = subprocess.run([*wheel, str(base / "project")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = base.glob("maieutic_wordle-1.0.0-*.whl")
    into = base / "site"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(into), str(built)]
    subprocess.run(pip, check=True, capture_output=True)
    return into


@pytest.fixture
def stub() -> Iterator[StubServer]:
    def say(messages: list[dict[str, str]]) -> str:
        text = "\n".join(one["content"] for one in messages)
        if "A player is told" in text:
            return "<prompt>Guess the word exactly.</prompt>"
        word = next(word for word in WORDS if word in messages[-1]["content"])
        return word if "exactly" in text else word[::-1]

    with StubServer(ScriptedModel(say)) as server:
        yield server


def maieutic(*words: str, at: Path, site: Path | None = None) -> subprocess.CompletedProcess[str]:
    paths = [str(site)] if site else []
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([*paths, *sys.path]), "OPENAI_API_KEY": "k", "NO_COLOR": "1"}
    env.pop("MAIEUTIC_PLUGINS", None)
    command = [sys.executable, "-m", "maieutic", *words]
    return subprocess.run(command, cwd=at, env=env, capture_output=True, text=True, check=False)


def test_a_wheel_is_found_checked_and_used_in_a_run(site: Path, stub: StubServer, tmp_path: Path) -> None:
    listed = maieutic("plugins", "list", at=tmp_path, site=site)
    assert "maieutic-wordle" in listed.stdout
    assert "wordle-clue" in maieutic("plugins", "show", "maieutic-wordle", at=tmp_path, site=site).stdout
    checked = maieutic("plugins", "check", "maieutic-wordle", at=tmp_path, site=site)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "broken" not in checked.stdout
    for split in ("train", "val", "test"):
        rows = "".join(f'{{"input": "{split} {word}", "output": "{word}"}}\n' for word in WORDS)
        (tmp_path / f"{split}.jsonl").write_text(rows)
    (tmp_path / "task.toml").write_text(
        'name = "words"\nprompt = "Guess the word."\n[data]\ntrain = "train.jsonl"\nval = "val.jsonl"\n'
        'test = "test.jsonl"\n[[evaluators]]\nuse = "wordle"\n'
        f'[models]\ntarget = "openai/stub@{stub.base}"\noptimizer = "openai/stub@{stub.base}"\n'
    )
    words = ["--set", "strategy=wordle-guess", "--set", "operators=wordle-clue", "--set", "allocator=full"]
    ran = maieutic("optimize", "task.toml", "--plain", "--calls", "120", *words, at=tmp_path, site=site)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = maieutic("report", "--format", "text", at=tmp_path, site=site)
    shown = maieutic("show", "latest", "--json", at=tmp_path, site=site)
    assert "exactly" in found.stdout + shown.stdout + ran.stdout
    without = maieutic("eval", "task.toml", "--no-plugins", at=tmp_path, site=site)
    assert without.returncode == 2
    assert "wordle" in without.stderr


@pytest.mark.slow
def test_its_own_tests_pass_against_the_wheel(site: Path, tmp_path: Path) -> None:
    shutil.copy(ROOT / "examples" / "plugin_wordle" / "tests" / "test_wordle.py", tmp_path)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), *sys.path])}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_the_tutorial_s_commands_do_what_it_says(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "tutorial-plugin.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    commands = [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    assert len(commands) >= 4
    at = tmp_path
    for command in commands:
        first, *rest = command.split()
        if first == "cd":
            at = at / rest[0]
        elif first == "maieutic":
            done = maieutic(*rest, at=at)
            assert done.returncode == 0, command + done.stdout + done.stderr
        elif first == "pytest":
            env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(at), *sys.path])}
            words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(at)]
            done = subprocess.run(words, cwd=at, env=env, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout
        else:
            assert first == "pip", command


def test_the_table_of_hooks_names_every_hook_and_files_that_are_there() -> None:
    from maieutic.plugins.system.hookspecs import HOOKS

    text = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    assert [hook for hook in HOOKS.values() if f"`{hook}`" not in text] == []
    assert [
        file
        for file in re.findall(r"`((?:tests|plugins|core|graphs)/[\w/.]+\.py)`", text)
        if not (ROOT / file).is_file()
    ] == []
