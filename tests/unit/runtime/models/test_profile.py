"""Answer limits follow from what a model can do; small models keep theirs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from maieutic import load_task
from maieutic.cli.model_overrides import apply_model_options
from maieutic.core.answer import AnswerContract
from maieutic.core.budget import Budget
from maieutic.core.errors import MaieuticError
from maieutic.core.models import Call, ModelRef, ModelSettings, Reply
from maieutic.core.task import Constraints, Models, Task
from maieutic.runtime.models.client import ModelClient
from maieutic.runtime.models.profile import author_tokens, evidence_tokens, profile_of, target_tokens
from maieutic.testing import StubServer

TRAIN = [{"input": "a", "output": "yes"}, {"input": "b", "output": "no"}]
VAL = [{"input": "c", "output": "yes"}, {"input": "d", "output": "no"}]


def model(name: str, **options: Any) -> ModelRef:
    return ModelRef.parse(name).model_copy(update={"options": ModelSettings(**options)})


def task(target: ModelRef, **fields: Any) -> Task:
    contract = AnswerContract(type="label", labels=("yes", "no"))
    return Task.create("Say.", train=TRAIN, val=VAL, answer=contract, models=Models(target=target), **fields)


@pytest.mark.parametrize(
    ("name", "options", "tokens"),
    [
        ("local/smollm2", {}, 16),
        ("openai/gpt-4o", {}, 1024),
        ("openai/o3-mini", {}, 1024 + 8192),
        ("openai/my-own@http://127.0.0.1:8000/v1", {}, 1024),
        ("vllm/QwQ-32B@http://127.0.0.1:8000/v1", {}, 1024 + 8192),
        ("openai/my-own", {"reasons": True}, 1024 + 8192),
        ("openai/my-own", {"context": 4096}, 16),
        ("openai/gpt-4o", {"max_output_tokens": 3000}, 3000),
    ],
)
def test_the_limit_of_a_targets_answer(name: str, options: dict[str, Any], tokens: int) -> None:
    assert target_tokens(task(model(name, **options))) == tokens
    own = task(model(name, **options), constraints=Constraints(max_answer_tokens=77))
    assert target_tokens(own) == 77


@pytest.mark.parametrize(
    ("name", "options", "budget", "tokens"),
    [
        ("local/smollm2", {}, None, 200),
        ("openai/gpt-4o", {}, None, 8192),
        ("openai/gpt-4", {}, None, 4096),
        ("openai/o3-mini", {}, None, 16384),
        ("openai/my-own", {"context": 4096}, None, 200),
        ("openai/my-own", {"max_output_tokens": 20000}, None, 20000),
        ("openai/gpt-4o", {}, Budget(calls=100), 8192),
        ("openai/gpt-4o", {}, Budget(tokens=40_000), 2000),
        ("openai/gpt-4o", {}, Budget(tokens=1000), 200),
        ("openai/gpt-4o", {}, Budget(usd=0.2), 1000),
    ],
)
def test_the_limit_of_an_authors_reply(name: str, options: dict[str, Any], budget: Budget | None, tokens: int) -> None:
    assert author_tokens(model(name, **options), 200, budget) == tokens


def test_a_profile_from_the_table() -> None:
    profile = profile_of(model("openai/o3-mini"))
    assert (profile.context, profile.max_output_tokens, profile.reasons) == (200_000, 100_000, True)
    assert profile.price == pytest.approx((1.1, 4.4))
    assert profile.source == "table"


async def test_options_are_sent_and_priced() -> None:
    with StubServer() as stub:
        ref = model(
            f"openai/stub@{stub.base}",
            temperature=0.7,
            reasoning_effort="low",
            price=(1.0, 10.0),
            extra={"top_p": 0.9, "chat_template_kwargs": {"enable_thinking": False}},
        )
        call = Call(model=ref, messages=({"role": "user", "content": "hello there"},))
        async with ModelClient() as client:
            reply = await client.send(call, 5.0)
            worst = await client.worst_case(call)
        body = stub.seen.bodies[-1]
    assert (body["temperature"], body["reasoning_effort"], body["top_p"]) == (0.7, "low", 0.9)
    assert body["chat_template_kwargs"] == {"enable_thinking": False}
    assert reply.usd == pytest.approx((reply.prompt_tokens * 1.0 + reply.completion_tokens * 10.0) / 1e6)
    assert worst.usd > reply.usd


def test_options_that_change_the_request_are_part_of_the_key() -> None:
    def key(**options: Any) -> str:
        return Call(model=model("openai/x", **options), messages=({"role": "user", "content": "q"},)).key

    assert key() == key(timeout=5.0) == key(price=(1.0, 2.0))
    assert len({key(), key(temperature=0.1), key(extra={"top_p": 0.5})}) == 3
    assert key() == "2e23d6cf806fcc039a757943f7d13eafda5205c1c015f533c7392d83ff0eb31e", "the keys of existing stores"


def test_options_survive_the_record_of_a_run() -> None:
    ref = model("openai/x", extra={"a": [1]}, temperature=0.2)
    assert ModelRef.model_validate_json(ref.model_dump_json()) == ref
    assert hash(ref)
    assert ModelRef.model_validate({"provider": "openai", "name": "x"}).options == ModelSettings()
    assert Reply.model_validate({"text": "old"}).reasoning == ""


def test_options_in_a_task_file(tmp_path: Path) -> None:
    for split in ("train", "val"):
        rows = [json.dumps({"input": f"{split} {number}", "output": "yes"}) for number in range(9)]
        (tmp_path / f"{split}.jsonl").write_text("\n".join(rows))
    text = """
name = "t"
prompt = "Say yes."
[data]
train = "train.jsonl"
val = "val.jsonl"
[models]
target = "openai/x"
optimizer = "openai/y"
[models."openai/x"]
max_output_tokens = 500
extra = { top_p = 0.5 }
"""
    (tmp_path / "task.toml").write_text(text)
    models = load_task(tmp_path / "task.toml").models
    assert models.target.options == ModelSettings(max_output_tokens=500, extra={"top_p": 0.5})  # type: ignore[arg-type]
    assert models.optimizer.options == ModelSettings()
    for wrong in ('[models."openai/z"]\ntimeout = 3', '[models."openai/y"]\nspeed = 3'):
        (tmp_path / "task.toml").write_text(f"{text}{wrong}\n")
        with pytest.raises(MaieuticError):
            load_task(tmp_path / "task.toml")


def test_options_on_the_command_line() -> None:
    settings = {"target.max_output_tokens": "4000", "target.extra.top_p": "0.5", "critic.reasoning_effort": "high"}
    models = apply_model_options(task(model("openai/x")), settings).models
    assert models.target.options.max_output_tokens == 4000
    assert models.target.options.extra == (("top_p", "0.5"),)
    assert models.for_role("critic").options.reasoning_effort == "high"
    assert models.optimizer.options == ModelSettings()
    for wrong in ({"targt.timeout": "3"}, {"target.tmeout": "3"}, {"target.timeout": "soon"}):
        with pytest.raises(MaieuticError):
            apply_model_options(task(model("openai/x")), wrong)


@pytest.mark.parametrize(
    ("name", "options", "tokens"),
    [
        ("openai/gpt-4o", {}, 16_384),
        ("openai/my-own@http://127.0.0.1:8000/v1", {}, 8192),
        ("openai/my-own@http://127.0.0.1:8000/v1", {"context": 200_000}, 16_384),
        ("openai/my-own@http://127.0.0.1:8000/v1", {"context": 4096}, None),
        ("openai/qwen2.5-coder-1.5b@http://127.0.0.1:8000/v1", {}, None),
        ("openai/qwen2.5-coder-1.5b@http://127.0.0.1:8000/v1", {"instructions": "full"}, 8192),
        ("openai/qwen3-30b-a3b@http://127.0.0.1:8000/v1", {}, 8192),
        ("openai/SmolLM2-135M-Instruct@http://127.0.0.1:8000/v1", {}, None),
        ("openai/gpt-4o", {"instructions": "plain"}, None),
        ("local/smollm2", {}, None),
    ],
)
def test_capable_authors_read_a_quarter_of_their_context(
    name: str, options: dict[str, Any], tokens: int | None
) -> None:
    assert evidence_tokens(model(name, **options)) == tokens


def test_a_small_budget_of_tokens_leaves_room_for_many_questions() -> None:
    assert evidence_tokens(model("openai/gpt-4o"), Budget(tokens=200_000)) == 2500
    assert evidence_tokens(model("openai/gpt-4o"), Budget(tokens=1000)) == 512
