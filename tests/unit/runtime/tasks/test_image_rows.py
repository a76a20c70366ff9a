"""Rows with images: by address, as data, as a file; and a whole run over them on a scripted endpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from maieutic import Budget, load_task
from maieutic.core.errors import NeedsError, TaskError
from maieutic.core.models import ModelRef, ModelSettings
from maieutic.core.task import Models
from maieutic.graphs.api import aoptimize
from maieutic.testing import ScriptedModel, StubServer

TASK = """
name = "cats"
prompt = "How many cats are in {photo}?"
[data]
train = "train.jsonl"
val = "val.jsonl"
test = "test.jsonl"
[answer]
type = "number"
"""


def write(folder: Path, rows: int = 6, photo: Any = None) -> Path:
    (folder / "task.toml").write_text(TASK)
    for split in ("train", "val", "test"):
        lines = [
            {"photo": photo or {"image": f"https://a/{split}{n}-{n % 3}-cats.png"}, "output": str(n % 3)}
            for n in range(rows)
        ]
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def count_cats(messages: Any) -> str:
    """Sees what the name of the file says."""
    images = [part["url"] for part in messages[-1].get("parts", ()) if part["type"] == "image"]
    return str(images[0].split("-")[1]) if images else "no image"


async def test_a_run_over_images_sends_each_to_the_target_and_its_mark_to_the_authors(tmp_path: Path) -> None:
    task = load_task(write(tmp_path))
    assert task.data.val[0].text == "photo: [image photo]"
    with StubServer(ScriptedModel(count_cats)) as stub:
        model = ModelRef.parse(f"openai/stub@{stub.base}")
        task = task.model_copy(update={"models": Models(target=model, optimizer=model)})
        result = await aoptimize(task, recipe="random-demos", budget=Budget(calls=60), folder=tmp_path / "runs")
        assert result.report is not None
        assert result.report.start.score == 1.0
        before = stub.count
        blind = model.model_copy(update={"options": ModelSettings(images=False)})
        task = task.model_copy(update={"models": Models(target=blind, optimizer=model)})
        with pytest.raises(NeedsError, match="reads text alone"):
            await aoptimize(task, recipe="random-demos", budget=Budget(calls=60), folder=tmp_path / "blind")
        assert stub.count == before


def test_a_file_beside_the_data_is_read_and_one_outside_is_not(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    folder = tmp_path / "task"
    (folder / "photos").mkdir(parents=True)
    for n in range(18):
        (folder / "photos" / f"{n}.png").write_bytes(f"pixels {n}".encode())
    write(folder)
    for offset, split in enumerate(("train", "val", "test")):
        lines = [{"photo": {"image": f"photos/{6 * offset + n}.png"}, "output": "1"} for n in range(6)]
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert load_task(folder).data.train[0].images == ("data:image/png;base64,cGl4ZWxzIDA=",)
    with pytest.raises(TaskError, match=r"there is no image ../secret.png"):
        load_task(write(folder, photo={"image": "../secret.png"}))
