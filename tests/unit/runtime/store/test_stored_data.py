"""Whatever an endpoint sends, the store holds no key, no text that cannot be written, and a ledger that adds up."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest
from maieutic.core.budget import Budget
from maieutic.core.events import Event
from maieutic.core.models import Call, ModelRef, Reply
from maieutic.core.task import Models, Task
from maieutic.runtime.models.transports.wire import parse_completion
from maieutic.runtime.store import DATABASE, Attempt, DialogueTurn, RunRecord, Store
from maieutic.runtime.store.redaction import Redactor, redact
from maieutic.runtime.store.reply_limits import CUT_NOTE, MAX_ANSWER_CHARACTERS, storable_reply
from maieutic.runtime.store.writing_connection import redactor_of

KEY, USER, QUERY = "xq-93kd02mzpa71", "hunter-of-keys", "qk%2F77aa88bb99"


def task() -> Task:
    target = ModelRef.parse(f"openai/t@http://me:{USER}@127.0.0.1:9/v1?api-key={QUERY}", key_env="MY_LLM")
    models = Models(target=target, optimizer=ModelRef.parse("openai/o@http://127.0.0.1:9/v1"))
    train, val = ([{"input": f"{text}{n}", "output": "b"} for n in range(2)] for text in "ab")
    return Task.create("Say.", train=train, val=val, name="t", models=models)


def record(run: str) -> RunRecord:
    return RunRecord(id=run, task="t", task_json=task().model_dump_json(by_alias=True), recipe="auto")


async def repeat_keys(store: Store, run: str) -> Reply:
    """What a model that repeats the keys leaves in every table that holds its texts."""
    text = f"the key is {KEY}, at {USER} or {QUERY} or qk/77aa88bb99"
    attempt = await store.begin_attempt(
        Attempt(run=run, key="k", model=str(task().models.target), payer="target", role="target")
    )
    reply = store.storable_reply(Reply(text=text))
    await store.finish_attempt(attempt, reply=Reply(text=text, reasoning=text), error=None)
    await store.append_events([Event(run=run, kind="run_failed", key="1", data={"text": text})])
    await store.save_dialogue(run, DialogueTurn(step=1, place="a", role="critic", skill="s", raw=text))
    await store.save_report(run, json.dumps({"text": f"\n{text}"}))
    return reply


def everything(folder: Path) -> bytes:
    """The database without the tasks, whose addresses a resumed run calls."""
    with sqlite3.connect(folder / DATABASE) as connection:
        connection.execute("UPDATE runs SET task_json = '{}'")
        connection.commit()
        return "\n".join(connection.iterdump()).encode()


@pytest.mark.parametrize("reopened", [False, True])
def test_keys_under_names_of_ones_own_and_in_addresses_are_not_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reopened: bool
) -> None:
    monkeypatch.setenv("MY_LLM", KEY)

    async def fill() -> Reply:
        store = Store.open(tmp_path)
        await store.create_run(record("r"))
        if reopened:
            store.close()
            store = Store.open(tmp_path)
        with store:
            reply = await repeat_keys(store, "r")
            assert store.cached_reply("k") is not None
            return reply

    reply = asyncio.run(fill())
    with Store.open(tmp_path, read_only=True) as store:
        stored = store.cached_reply("k")
        assert Task.model_validate_json(store.run("r").task_json) == task()
    assert stored is not None
    assert stored.text == reply.text == "the key is [MY_LLM], at [address] or [address] or [address]"
    dump = everything(tmp_path)
    for secret in (KEY, USER, QUERY, "qk/77aa88bb99"):
        assert secret.encode() not in dump


def test_a_short_key_is_masked_where_it_stands_alone_and_not_inside_words() -> None:
    secrets = {"OPENAI_API_KEY": "anything1", "LONG_TOKEN": "abcdefghijkl"}
    assert redact("anything1, anything1s, (anything1)", secrets) == "[OPENAI_API_KEY], anything1s, ([OPENAI_API_KEY])"
    assert redact("xabcdefghijklx", secrets) == "x[LONG_TOKEN]x"
    assert redact(json.dumps("é\nanything1 é"), secrets) == json.dumps("é\n[OPENAI_API_KEY] é")
    assert redact("seven77", {"A_KEY": "seven77"}) == "seven77"


def test_names_of_keys_are_recognized_by_their_words() -> None:
    secrets = {"GROQ_KEY_2": "gsk-1234567890ab", "DB_PASSWD": "pass-1234567890", "KEYBOARD": "us-international"}
    assert (
        redact("gsk-1234567890ab pass-1234567890 us-international", secrets)
        == "[GROQ_KEY_2] [DB_PASSWD] us-international"
    )


def test_a_key_with_characters_that_json_escapes_is_masked_in_json() -> None:
    value = 'a"b\\c-1234567890'
    text = Redactor(environment={"X_KEY": value}).text(json.dumps({"x": value}))
    assert json.loads(text) == {"x": "[X_KEY]"}


@pytest.mark.parametrize("count", [-5, "many", True, float("nan"), float("inf"), 10**30, [1], {}])
def test_an_impossible_usage_counts_as_missing(count: object) -> None:
    call = Call(model=ModelRef.parse("openai/m"), messages=({"role": "user", "content": "hello"},))
    data = {
        "choices": [{"message": {"content": "four"}}],
        "usage": {"prompt_tokens": count, "completion_tokens": count},
    }
    missing = {**data, "usage": None}
    assert parse_completion(data, call, 0.0) == parse_completion(missing, call, 0.0)
    assert parse_completion({**data, "usage": [count]}, call, 0.0).completion_tokens == 4


def test_a_store_with_a_negative_usage_can_be_read_and_resumed(tmp_path: Path) -> None:
    async def fill(store: Store) -> None:
        await store.create_run(record("r"))
        attempt = await store.begin_attempt(Attempt(run="r", key="k", model="m", payer="target", role="target"))
        await store.finish_attempt(attempt, reply=Reply(text="x", prompt_tokens=-9, usd=float("nan")), error=None)

    with Store.open(tmp_path) as store:
        asyncio.run(fill(store))
        assert store.ledger_sums("r").used["target"].tokens == 0
    with sqlite3.connect(tmp_path / DATABASE) as connection:
        for table in ("attempts", "charges"):
            connection.execute(f"UPDATE {table} SET tokens = -100, usd = -1.0")
        connection.execute("UPDATE calls SET reply = json_set(reply, '$.prompt_tokens', -100)")
    with Store.open(tmp_path) as store:
        sums = store.ledger_sums("r")
        assert (sums.used["target"].calls, sums.used["target"].tokens, sums.used["target"].usd) == (1, 0, 0.0)
        assert sums.ledger(Budget(calls=5)).calls_left("target") == 4
        stored = store.cached_reply("k")
        assert stored is not None
        assert stored.tokens == 0


def test_half_a_surrogate_pair_is_replaced_and_a_whole_one_stays(tmp_path: Path) -> None:
    text = "half \ud83d whole 😀 literal \\ud83d"
    expected = "half \ufffd whole 😀 literal \\ud83d"
    call = Call(model=ModelRef.parse("openai/m"), messages=({"role": "user", "content": "hello"},))
    answer = {"choices": [{"message": {"content": text, "reasoning_content": text}}]}
    reply = parse_completion(answer, call, 0.0)
    assert (reply.text, reply.reasoning) == (expected, expected)

    async def fill(store: Store) -> None:
        await store.create_run(record("r"))
        await store.append_events([Event(run="r", kind="run_failed", key="1", data={"text": text})])
        await store.save_dialogue("r", DialogueTurn(step=1, place="a", role="critic", skill="s", raw=text))

    with Store.open(tmp_path) as store:
        asyncio.run(fill(store))
        assert store.events("r")[0].data["text"] == expected
        assert store.dialogue("r")[0].raw == expected


def test_an_answer_above_a_megabyte_is_cut_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    huge = Reply(text="x" * 10_000_000, reasoning="y" * 2_000_000)
    reply = storable_reply(huge, Redactor(), "openai/m")
    assert len(reply.text) == MAX_ANSWER_CHARACTERS + len(CUT_NOTE)
    assert reply.text.endswith(CUT_NOTE)
    assert reply.finish == "length"
    assert len(reply.reasoning) == MAX_ANSWER_CHARACTERS + len(CUT_NOTE)
    assert storable_reply(reply, Redactor()) == reply
    assert "openai/m had 10000000 characters" in caplog.text
    assert len(caplog.records) == 1  # the gateway, the store and the cache cut the same answer
    assert storable_reply(Reply(text="x" * MAX_ANSWER_CHARACTERS), Redactor()).finish == "stop"


def test_a_connection_that_only_reads_knows_the_environment_alone(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    with sqlite3.connect(tmp_path / DATABASE) as connection:
        assert redactor_of(connection) == Redactor()
