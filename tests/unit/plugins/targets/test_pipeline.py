"""Programs of several named prompts: run in order, traced by component, improved one component at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.budget import Budget
from maieutic.core.candidate import Archive, Candidate
from maieutic.core.dataset import Example
from maieutic.core.errors import TaskError, UsageError
from maieutic.core.models import ModelRef, ModelSettings, Reply
from maieutic.core.program import Program
from maieutic.core.prompt import Prompt
from maieutic.core.render import Message, program_instruction_text
from maieutic.core.routing import Router
from maieutic.core.score import Evaluation
from maieutic.core.search_types import Proposal, Search, TaskBrief, WorkOrder
from maieutic.core.stats.pooled_estimate import candidate_features
from maieutic.core.task import Models, TargetSpec, Task
from maieutic.graphs.api import aoptimize
from maieutic.graphs.evaluate import evaluate_program
from maieutic.graphs.inputs.operator_request import build_request, restore_program
from maieutic.graphs.inputs.prompt_selection import assign_prompts, prompt_credit
from maieutic.graphs.run_config import RunConfig
from maieutic.plugins.exporters.json_file import JsonExporter, load_json
from maieutic.plugins.exporters.langchain import LangChainExporter, read_messages
from maieutic.plugins.exporters.text import TextExporter
from maieutic.plugins.targets.pipeline import PipelineTarget
from maieutic.runtime.store import Store
from maieutic.runtime.tasks.loader import load_task
from maieutic.testing import ScriptedModel, StubServer

EXAMPLE = Path(__file__).parents[4] / "examples" / "pipeline"
PROGRAM = Program(
    prompts={
        "extract": Prompt(instruction="Copy the request."),
        "classify": Prompt(instruction="Red or blue for {extract}?"),
    }
)
STEPS = ["extract", "classify"]
ROWS = {split: tuple(Example(input=f"{split} row {n}", outputs=("red",)) for n in range(6)) for split in "abc"}


def answers(messages: Any) -> str:
    """The author mends what it is asked about; only the mended second step ever says red."""
    text = messages[-1]["content"]
    if "Rows where the prompt went wrong" in text:
        return "<prompt>Say red: {extract}</prompt>" if "Red or blue" in text else "<prompt>Take it whole.</prompt>"
    if "Copy the request." in text or "Take it whole." in text:
        return f"the gist of {text.splitlines()[-1]}"
    return "red" if text.startswith("Say red") else "blue"


def task_at(base: str, **fields: Any) -> Task:
    ref = ModelRef.parse(f"openai/stub@{base}")
    author = ref.model_copy(update={"options": ModelSettings(instructions="plain")})
    models = Models(target=ref, optimizer=author)
    made = Task.create("x", train=ROWS["a"], val=ROWS["b"], test=ROWS["c"], models=models)
    answer = AnswerContract(type="label", labels=("red", "blue"))
    target = TargetSpec(use="pipeline", options={"steps": STEPS})
    return made.model_copy(update={"program": PROGRAM, "target": target, "answer": answer, **fields})


class RecordingGateway:
    """A gateway that keeps what it was asked and says the step's number."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    async def complete(self, call: Any, payer: str) -> Any:
        self.calls.append(call)
        return Reply(text=f"said {len(self.calls)}")


async def test_each_step_sees_the_row_and_what_came_before_and_the_last_one_answers() -> None:
    gateway = RecordingGateway()
    target = PipelineTarget(
        steps=[{"prompt": "extract", "max_tokens": 9}, {"prompt": "classify", "input": "{input} / {extract}"}],
        max_tokens=5,
        top_logprobs=3,
    )
    program = PROGRAM.replace(Prompt(instruction="Which?"), "classify")
    output = await target.run(program, Example(input="the row"), ModelRef.parse("local/smollm2"), gateway)  # type: ignore[arg-type]
    assert [call.messages[0]["content"] for call in gateway.calls] == [
        "Copy the request.\n\nthe row",
        "Which?\n\nthe row / said 1",
    ]
    assert [(call.sampling.max_tokens, call.sampling.top_logprobs) for call in gateway.calls] == [(9, 0), (5, 3)]
    assert output.text == output.replies[0].text == "said 2"
    assert output.trajectory == (
        {"prompt": "extract", "input": "the row", "output": "said 1"},
        {"prompt": "classify", "input": "the row / said 1", "output": "said 2"},
    )
    assert target.calls(program) == 2


async def test_without_a_template_a_step_is_given_the_row_and_all_earlier_outputs() -> None:
    gateway = RecordingGateway()
    await PipelineTarget(steps=STEPS).run(
        PROGRAM.replace(Prompt(instruction="Which?"), "classify"),
        Example(input="row"),
        ModelRef.parse("local/a"),
        gateway,
    )  # type: ignore[arg-type]
    assert gateway.calls[1].messages[0]["content"] == "Which?\n\nrow\nextract: said 1"


async def test_a_step_that_asks_for_what_nobody_brings_is_refused_before_anything_is_asked() -> None:
    gateway = RecordingGateway()
    with pytest.raises(TaskError, match="classify"):
        await PipelineTarget(steps=["extract", {"prompt": "classify", "input": "{summary}"}]).run(
            PROGRAM, Example(input="row"), ModelRef.parse("local/a"), gateway
        )  # type: ignore[arg-type]
    assert gateway.calls == []


@pytest.mark.parametrize("steps", [[], ["a", "a"], [{"promt": "a"}], [{"prompt": "a", "max_tokens": 0}]])
def test_steps_that_make_no_pipeline_are_refused(steps: list[Any]) -> None:
    with pytest.raises(UsageError):
        PipelineTarget(steps=steps)


def test_the_shipped_example_loads_as_a_pipeline_of_two_steps() -> None:
    task = load_task(EXAMPLE)
    assert list(task.program.prompts) == STEPS
    assert RunConfig.resolve(task).target.calls(task.program) == 2
    assert {row.output for row in task.data.val} == {"refund", "delivery", "repair"}


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        ('use = "pipeline"\nsteps = ["one", "two"]', "a step uses the unknown prompt 'two'"),
        ('use = "pipeline"\nsteps = ["one"]', "no step uses the prompt 'other'"),
    ],
)
def test_steps_and_prompts_that_do_not_fit_are_told_with_their_line(
    tmp_path: Path, target: str, complaint: str
) -> None:
    (tmp_path / "task.toml").write_text(
        f'name = "t"\n[program]\none = "Do one."\nother = "Do the other with {{one}}."\n[target]\n{target}\n'
    )
    with pytest.raises(TaskError, match=complaint):
        load_task(tmp_path)


def test_several_prompts_without_a_target_table_are_steps_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "task.toml").write_text('name = "t"\n[program]\nb = "First."\na = "Then, with {b}."\n')
    assert load_task(tmp_path).target == TargetSpec(use="pipeline", options={"steps": ["b", "a"]})


async def test_a_pipeline_is_improved_a_component_at_a_time_inside_the_budget(tmp_path: Path) -> None:
    with StubServer(ScriptedModel(answers)) as stub:
        task = task_at(stub.base)
        settings = {"operators": "rewrite", "allocator": "full", "beam.minibatch": "2", "slots": "in-turn"}
        budget = Budget(target_calls=110, calls=200)
        done = await aoptimize(task, recipe="protegi", budget=budget, folder=tmp_path, settings=settings, run="r")
        asked = stub.seen.bodies
    assert done.report.start.score == 0.0
    assert done.report.best.score == 1.0
    with Store.open(tmp_path, read_only=True) as store:
        candidates, evaluations = store.candidates("r"), store.evaluations("r")
        dialogue = store.dialogue("r")
    winner = next(one for one in candidates if one.id == store_best(tmp_path))
    assert winner.program.prompts["classify"].instruction == "Say red: {extract}"
    assert {slot for one in candidates[1:] for slot in changed(one, candidates)} == {"extract", "classify"}
    assert all([step["prompt"] for step in one.trajectory] == STEPS for one in evaluations)
    shown = [turn.messages[0]["content"] for turn in dialogue]
    inner = next(text for text in shown if '"""\nCopy the request.' in text)
    assert "Got: the gist of a row" in inner
    assert "The final answer was 'blue': wrong, expected was 'red'." in inner
    assert "Answer with one of" not in inner
    outer = next(text for text in shown if '"""\nRed or blue' in text)
    assert "extract: the gist of a row" in outer
    assert "Expected: red" in outer
    assert len([body for body in asked if "Rows where" not in body["messages"][-1]["content"]]) <= 110 + 2 * 2 * 6


def store_best(folder: Path) -> str:
    with Store.open(folder, read_only=True) as store:
        return store.run("r").best or ""


def changed(one: Candidate, candidates: list[Candidate]) -> list[str]:
    parent = next(other for other in candidates if other.id == one.parents[0])
    return [name for name in one.program.prompts if one.program.prompts[name] != parent.program.prompts[name]]


async def test_several_prompts_export_and_load_back_and_score_the_same(tmp_path: Path) -> None:
    program = PROGRAM.replace(Prompt(instruction="Say red: {extract}"), "classify")
    loaded = load_json(JsonExporter().export(program, "t", None))
    assert loaded == program
    text = TextExporter().export(program, "t", None)
    assert "=== extract ===\nCopy the request." in text
    assert "=== classify ===\nSay red: {extract}" in text
    chained = LangChainExporter().export(program, "t", None)
    row, said = Example(input="c row 0"), "the gist of c row 0"
    first: list[Message] = [{"role": "user", "content": "Copy the request.\n\nc row 0"}]
    assert read_messages(chained, row, "extract") == first
    second = Example(input={"input": "any", "extract": said})
    assert read_messages(chained, second, "classify") == [{"role": "user", "content": f"Say red: {said}"}]
    with StubServer(ScriptedModel(answers)) as stub:
        done = await evaluate_program(task_at(stub.base), loaded, folder=tmp_path, budget=Budget(calls=12))
    assert [one.score for one in done] == [1.0] * 6


def archive(gains: dict[str, float]) -> Archive:
    """A start prompt at one half, and for each slot a child that changed it and gained so much on every row."""
    made = Archive([Candidate(id="start", program=PROGRAM, operator="start")])
    for slot in gains:
        child = PROGRAM.replace(Prompt(instruction=f"new {slot}"), slot)
        made.add(Candidate(id=slot, program=child, parents=("start",), operator="rewrite"))
    for row in ("v0", "v1"):
        for one, gain in {"start": 0.0, **gains}.items():
            told = {"split": "val", "output": "", "answer": None, "score": 0.5 + gain}
            made.scores.add(Evaluation(candidate=one, example=row, **told))  # type: ignore[arg-type]
    return made


def search(gains: dict[str, float], round: int, seed: int = 3) -> Search:
    made = archive(gains)
    return Search(
        archive=made, train=(), val=("v0", "v1"), seed=seed, round=round, step=round * 5, remaining_runs=9, total_runs=9
    )


ORDER = WorkOrder(operator="rewrite", parents=("start",))


def test_in_turn_every_prompt_is_worked_on_once_before_any_twice() -> None:
    slots = [assign_prompts([ORDER], search({}, round), "in-turn")[0].slot for round in range(1, 7)]
    assert set(slots[:2]) == set(STEPS)
    assert slots == slots[:2] * 3


def test_by_credit_the_prompt_whose_edits_paid_off_is_worked_on_more_often() -> None:
    gains = {"extract": -0.4, "classify": 0.4}
    told = prompt_credit(search(gains, 3).archive, STEPS, ("v0", "v1"))
    assert told == pytest.approx({"extract": -0.1, "classify": 0.1})
    slots = [assign_prompts([ORDER], search(gains, 3, seed), "credit")[0].slot for seed in range(60)]
    assert slots.count("classify") > 50
    assert {assign_prompts([ORDER], search(gains, round), "credit")[0].slot for round in (1, 2)} == set(STEPS)


def test_orders_with_a_slot_and_programs_that_answer_together_are_left_alone() -> None:
    named = ORDER.model_copy(update={"slot": "extract"})
    assert assign_prompts([named], search({}, 1), "credit") == [named]
    assert PROGRAM.slots == ("classify", "extract")
    assert Program.of("one").slots == ()
    assert PROGRAM.model_copy(update={"router": Router(kind="centroid")}).slots == ()


def test_an_inner_step_learns_from_rows_that_ended_right() -> None:
    rows = tuple(Example(id=f"t{n}", input=f"row {n}", outputs=("red",)) for n in range(3))
    made = archive({})
    for number, row in enumerate(rows[:2]):
        steps = tuple({"prompt": name, "input": f"in {name}", "output": f"out {name}"} for name in STEPS)
        told = {
            "split": "train",
            "output": "out classify",
            "answer": "blue",
            "score": float(number),
            "trajectory": steps,
        }
        made.scores.add(Evaluation(candidate="start", example=row.id, **told))  # type: ignore[arg-type]

    def request(slot: str) -> Any:
        return build_request(
            ORDER.model_copy(update={"slot": slot}),
            archive=made,
            examples={row.id: row for row in rows},
            train=rows,
            val=(),
            task=TaskBrief(name="t", description="Do it.", answer=AnswerContract(type="label", labels=("red", "blue"))),
            labels=("red", "blue"),
            hints=(),
            rules=(),
            seed=0,
            step=1,
            index=0,
        )

    inner, last = request("extract"), request("classify")
    assert [(row.id, row.text, row.output) for row in inner.train] == [("t1", "in extract", "out extract")]
    assert [(row.id, row.text, row.output) for row in last.train] == [
        ("t0", "in classify", "red"),
        ("t1", "in classify", "red"),
    ]
    assert inner.answers == {}
    assert inner.failures[0].expected == ""
    assert last.failures[0].expected == "red"
    assert inner.task.answer.type == "text"
    assert last.task.answer.type == "label"
    assert "step 'extract'" in inner.task.description


def test_where_no_run_tells_what_an_inner_step_should_say_it_is_shown_no_reference_of_the_last() -> None:
    row = Example(id="t0", input="row", outputs=("red",))

    def train(slot: str) -> Any:
        return build_request(
            ORDER.model_copy(update={"slot": slot}),
            archive=archive({}),
            examples={row.id: row},
            train=[row],
            val=(),
            task=TaskBrief(name="t", description="Do it.", answer=AnswerContract()),
            labels=(),
            hints=(),
            rules=(),
            seed=0,
            step=1,
            index=0,
        ).train

    assert train("extract") == ()
    assert train("classify") == (row,)


def test_what_learns_from_rows_alone_begins_with_the_last_step() -> None:
    demos = ORDER.model_copy(update={"operator": "demos", "cases": 0})
    shown = demos.model_copy(update={"cases": 4})

    def slots(order: WorkOrder, right: float | None = None) -> set[str]:
        found = set()
        for round in (1, 2):
            asked = search({}, round)
            if right is not None:
                steps = tuple({"prompt": name, "input": "in", "output": "out"} for name in STEPS)
                told = {"split": "train", "output": "out", "answer": "red", "score": right, "trajectory": steps}
                asked.archive.scores.add(Evaluation(candidate="start", example="t0", **told))  # type: ignore[arg-type]
            found.add(assign_prompts([order], replace(asked, train=("t0",)), "in-turn", {"demos"})[0].slot)
        return found

    assert slots(demos) == slots(demos, 0.0) == {"classify"}
    assert slots(demos, 1.0) == slots(shown) == set(STEPS)


def test_what_is_made_of_one_prompt_is_put_back_among_the_others() -> None:
    made = restore_program([Proposal(program=Program.of("Take it."))], "extract", PROGRAM)
    assert {name: one.instruction for name, one in made[0].program.prompts.items()} == {
        "extract": "Take it.",
        "classify": "Red or blue for {extract}?",
    }


def test_the_planner_is_told_all_steps_and_estimates_tell_prompts_apart_by_step() -> None:
    assert program_instruction_text(PROGRAM) == "extract:\nCopy the request.\n\nclassify:\nRed or blue for {extract}?"
    assert program_instruction_text(Program.of("One.")) == "One."
    made = archive({"extract": 0.0, "classify": 0.0})
    told = [candidate_features(made[name]) for name in ("start", "extract", "classify")]
    assert len({frozenset(one.items()) for one in told}) == 3
    assert candidate_features(Candidate(id="c", program=Program.of("One."), operator="x"))["instruction One."] == 1.0
