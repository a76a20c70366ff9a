from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]


def labelled(name: str) -> str:
    rows = [{"input": f"{name} {n}", "output": "good" if n else "bad"} for n in range(2)]
    return "".join(f"{json.dumps(row)}\n" for row in rows)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a task folder: `task.toml` and, unless given, plain train and val files. Returns the folder."""

    def files(toml: str, **named: str | bytes) -> Path:
        contents: dict[str, str | bytes] = {"train.jsonl": labelled("train"), "val.jsonl": labelled("val")}
        contents |= {name.replace("__", "."): content for name, content in named.items()}
        for name, content in {**contents, "task.toml": toml}.items():
            data = content if isinstance(content, bytes) else content.encode()
            (tmp_path / name).write_bytes(data)
        return tmp_path

    return files
