"""The target `environment`: worlds in steps, partial credit, notes turn by turn, and what an author sees of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.dataset import Example
from maieutic.core.errors import TaskError, UsageError
from maieutic.core.models import ModelRef, Output, Reply
from maieutic.core.program import Program
from maieutic.graphs.run_config import RunConfig
from maieutic.graphs.run_options import RunOptions
from maieutic.plugins.evaluators.episode_progress import ProgressEvaluator
from maieutic.plugins.targets.environment import EnvironmentTarget
from maieutic.plugins.targets.worlds.form import FormWorld
from maieutic.plugins.targets.worlds.grid import GridWorld
from maieutic.runtime.tasks.loader import load_task

MAP = Example(input="S.#\n..#\n..G")
MODEL = ModelRef.parse("local/smollm2")
EXAMPLES = Path(__file__).parents[4] / "examples"


class RecordingGateway:
    def __init__(self, *said: str) -> None:
        self.said, self.calls = list(said), list[Any]()

    async def complete(self, call: Any, payer: str) -> Reply:
        assert payer == "target"
        self.calls.append(call)
        return Reply(text=self.said[len(self.calls) - 1])


async def played(
    *said: str, world: str = "grid", row: Example = MAP, steps: int = 6
) -> tuple[Output, RecordingGateway]:
    gateway = RecordingGateway(*said)
    target = EnvironmentTarget(world=world, steps=steps)
    return await target.run(Program.of("Which way?"), row, MODEL, gateway), gateway  # type: ignore[arg-type]


async def test_a_row_is_one_conversation_that_ends_at_the_goal() -> None:
    output, gateway = await played("down", "Right, I say right.", "down", "right")
    assert len(gateway.calls) == 4
    roles = [message["role"] for message in gateway.calls[-1].messages]
    assert roles == ["user", "assistant", "user", "assistant", "user", "assistant", "user"]
    assert gateway.calls[0].messages[0]["content"].startswith("Which way?")
    assert [step["progress"] for step in output.trajectory] == [0.25, 0.5, 0.75, 1.0]
    score = await ProgressEvaluator().evaluate(MAP, output, None)
    assert score.value == 1.0
    assert score.feedback == "the goal was reached after 4 turns"


async def test_half_a_way_counts_half_and_each_bad_turn_has_its_note() -> None:
    output, _ = await played("up", "down", "left or right", "what?", "down", "up", steps=6)
    score = await ProgressEvaluator().evaluate(MAP, output, None)
    assert score.value == 0.25
    assert score.feedback is not None
    for note in (
        "turn 1: walked into a wall: up",
        "turn 3: several directions were named",
        "turn 4: no direction was named",
        "turn 6: went away from the goal: up",
    ):
        assert note in score.feedback
    assert (await ProgressEvaluator(partial=False).evaluate(MAP, output, None)).value == 0.0
    assert output.text.count("World:") == 6


def test_steps_are_what_a_run_may_cost() -> None:
    task = load_task(EXAMPLES / "grid")
    setup = RunConfig.resolve(task, RunOptions(recipe="promst"))
    assert setup.calls_per_run(task.program)[0] == 6
    assert setup.calls_per_test_example == 12


@pytest.mark.parametrize("text", ["S..", "..G", "S#G", "x"])
def test_a_map_without_a_way_is_refused(text: str) -> None:
    with pytest.raises(TaskError, match="start S and a goal G"):
        GridWorld(Example(input=text))


BOOKING = Example(input={"request": "A table, please.", "name": "Ada Brown", "people": "4"}, outputs=("{}",))


def test_the_simulated_user_answers_what_is_asked_and_the_form_counts_right_fields() -> None:
    form = FormWorld(BOOKING)
    assert "name, people" in form.begin()
    assert "Ada" not in form.begin()
    asked = form.act("What is your name?")
    assert "My name is Ada Brown." in asked.observation
    assert (asked.progress, asked.note) == (0.0, "")
    half = form.act("name: ada brown\npeople: 7")
    assert half.progress == 0.5
    assert half.note == "filled in a wrong people, which the user was never asked"
    assert form.act("Name? people?").note == "asked again for name"
    done = form.act("people: 4")
    assert (done.progress, done.done) == (1.0, True)


def test_what_neither_asks_nor_fills_is_noted() -> None:
    assert FormWorld(BOOKING).act("Welcome to our place!").note == "neither asked for a field nor filled one in"
    with pytest.raises(TaskError, match="fields that the user knows"):
        FormWorld(Example(input="just text"))


@pytest.mark.parametrize("options", [{"world": "gird"}, {"world": "grid", "steps": 0}])
def test_worlds_that_are_not_there_and_no_steps_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        EnvironmentTarget(**options)


async def test_a_world_of_ones_own_is_a_class_beside_the_task(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from maieutic.plugins.targets.worlds.episode import Move\n"
        "class Echo:\n"
        "    def __init__(self, example): self.row = example\n"
        "    def begin(self): return self.row.text\n"
        "    def act(self, said): return Move(observation='again', progress=float(said == 'yes'), done=said == 'yes')\n"
    )
    target = EnvironmentTarget(world="mine.py:Echo", folder=str(tmp_path), steps=3)
    output = await target.run(Program.of("Say yes."), Example(input="now"), MODEL, RecordingGateway("no", "yes"))  # type: ignore[arg-type]
    assert [step["progress"] for step in output.trajectory] == [0.0, 1.0]


@pytest.mark.parametrize(("name", "world"), [("grid", GridWorld), ("form", FormWorld)])
def test_shipped_rows_can_be_played(name: str, world: Callable[[Example], Any]) -> None:
    task = load_task(EXAMPLES / name)
    assert [len(task.data[split]) for split in ("train", "val", "test")] == [12, 16, 24]
    assert all(world(row).begin() for row in task.data.examples())
    assert len(task.rules) >= 2
    if name == "form":
        assert all(json.loads(row.outputs[0]) for row in task.data.examples())
