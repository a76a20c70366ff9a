"""Programs of several prompts where no chat target routes: they are not made, and a function gets the chosen one."""

from __future__ import annotations

from random import Random

import pytest
from maieutic.core.answer import AnswerContract
from maieutic.core.candidate import Candidate
from maieutic.core.dataset import Example
from maieutic.core.models import ModelRef
from maieutic.core.program import Program
from maieutic.core.prompt import Prompt
from maieutic.core.routing import Router
from maieutic.core.search_types import Request, TaskBrief, WorkOrder
from maieutic.plugins.operators.mixture import MixtureOfPrompts, PromptEnsemble
from maieutic.plugins.targets.callable import CallableTarget

MODEL = ModelRef.parse("local/smollm2")
ROWS = tuple(Example(input=f"{text} {n}", outputs=("x",)) for n in range(4) for text in ("film actor", "soup salt"))
PARENTS = tuple(Candidate(id=f"c-{n}", program=Program.of(f"Judge {n}."), operator="start") for n in range(3))


def request(chat: bool) -> Request:
    return Request(
        order=WorkOrder(operator="any", parents=("c-0",)),
        task=TaskBrief(name="t", description="d", answer=AnswerContract(), chat=chat),
        parents=PARENTS[:1],
        train=ROWS,
        examples={row.id: row for row in ROWS},
        peers=PARENTS,
        scores={one.id: 0.5 for one in PARENTS},
        rng=Random(0),
    )


@pytest.mark.parametrize("operator", [MixtureOfPrompts(), PromptEnsemble()], ids=["mixture", "ensemble"])
async def test_nothing_is_composed_that_the_target_would_not_route(operator: MixtureOfPrompts | PromptEnsemble) -> None:
    assert await operator.propose(request(chat=True), None)  # type: ignore[arg-type]
    assert not await operator.propose(request(chat=False), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "said"), [("film", "Watch.\n\nfilm"), ("soup", "Eat.\n\nsoup")])
async def test_a_function_is_given_the_prompt_that_the_router_takes(text: str, said: str) -> None:
    prompts = {"a": Prompt(instruction="Watch."), "b": Prompt(instruction="Eat.")}
    program = Program(prompts=prompts, router=Router(anchors={"a": ("film",), "b": ("soup",)}))
    row = Example(input=text)
    by_messages = await CallableTarget(lambda messages: messages[-1]["content"]).run(program, row, MODEL, None)  # type: ignore[arg-type]
    assert by_messages.text == said
    by_prompt = await CallableTarget(lambda prompt: prompt.instruction).run(program, row, MODEL, None)  # type: ignore[arg-type]
    assert said.startswith(by_prompt.text)


async def test_of_several_tasks_a_function_is_given_the_rows_own_with_what_all_share() -> None:
    prompts = {
        "a": Prompt(instruction="Watch."),
        "all": Prompt(instruction="Be exact."),
        "b": Prompt(instruction="Eat."),
    }
    program = Program(prompts=prompts, router=Router(kind="field", shared="all"))
    row = Example(input="soup", metadata={"task": "b"})
    said = await CallableTarget(lambda messages: str([one["content"] for one in messages])).run(
        program, row, MODEL, None
    )  # type: ignore[arg-type]
    assert said.text == "['Be exact.', 'Eat.\\n\\nsoup']"
