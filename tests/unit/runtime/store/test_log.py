from __future__ import annotations

import asyncio
from itertools import count
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maieutic.core.budget import Budget
from maieutic.core.directives import ChangeBudget, Edit, Hint, Pause, Stop
from maieutic.core.errors import RunFailed
from maieutic.core.events import Event, EventKind
from maieutic.core.prompt import Prompt
from maieutic.runtime.store import DialogueTurn, PreferenceRow, RuleRow, RunRecord, Store

RUN = "r-one"
FRESH = (f"r-log-{number}" for number in count())

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
drafts = st.tuples(
    st.sampled_from(get_args(EventKind)),
    st.text(max_size=3),
    st.integers(0, 2**40),
    st.dictionaries(st.text(max_size=5), json_values, max_size=3),
)


def fact(key: str, run: str = RUN) -> Event:
    return Event(run=run, kind="candidate_proposed", key=key)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(drafts, max_size=6))
def test_l7_events_come_back_numbered_and_once_per_key(
    shelf: Store, rows: list[tuple[EventKind, str, int, dict]]
) -> None:
    run = next(FRESH)
    said = [Event(run=run, kind=kind, key=key, step=step, data=data) for kind, key, step, data in rows]

    async def append() -> list[Event]:
        await shelf.create_run(RunRecord(id=run, task="t", recipe="auto"))
        return await shelf.append_events(said)

    returned, stored = asyncio.run(append()), shelf.events(run)
    first_of = {event.key: event for event in reversed(said)}
    assert [event.number for event in stored] == list(range(1, len(first_of) + 1))
    assert [event.key for event in stored] == list(dict.fromkeys(event.key for event in said))
    assert {event.key: event.model_copy(update={"number": 0, "at": ""}) for event in stored} == first_of
    assert all(event.at for event in stored)
    assert [stored[event.number - 1] for event in returned] == returned


async def test_l7_many_writers_leave_no_gap(store: Store) -> None:
    await store.create_run(RunRecord(id="r-two", task="t", recipe="auto"))
    runs = (RUN, "r-two")
    await asyncio.gather(*(store.append_events([fact(f"k{n}", runs[n % 2]), fact(f"l{n}", RUN)]) for n in range(60)))
    assert [event.number for event in store.events(RUN)] == list(range(1, 91))
    assert [event.number for event in store.events("r-two")] == list(range(1, 31))


async def test_a_node_that_runs_again_does_not_double_its_facts(store: Store) -> None:
    first = await store.append_events([fact("a"), fact("b")])
    again = await store.append_events([fact("a").model_copy(update={"data": {"other": 1}}), fact("c"), fact("b")])
    assert [again[0], again[2]] == first
    assert [event.key for event in store.events(RUN)] == ["a", "b", "c"]


async def test_a_failed_append_takes_no_number(store: Store) -> None:
    await store.append_events([fact("a")])
    with pytest.raises(RunFailed):
        await store.append_events([fact("b"), fact("c", "r-unknown")])
    with pytest.raises(TypeError):
        await store.append_events([fact("d").model_copy(update={"data": {"set": {1}}})])
    await store.append_events([fact("e")])
    assert [(event.number, event.key) for event in store.events(RUN)] == [(1, "a"), (2, "e")]


async def test_events_are_read_by_cursor(store: Store) -> None:
    await store.append_events([fact(key) for key in "abcde"])
    assert [event.key for event in store.events(RUN, after=3)] == ["d", "e"]
    assert [event.key for event in store.events(RUN, after=1, limit=2)] == ["b", "c"]
    assert store.events(RUN, after=5) == []


async def test_directives_are_read_by_cursor_as_what_they_were(store: Store) -> None:
    await store.create_run(RunRecord(id="r-two", task="t", recipe="auto"))
    sent = [
        Pause(),
        Hint(text="mind irony"),
        Edit(candidate="c-1", prompt=Prompt(instruction="Read {input}.", principles=("a", "b"))),
        ChangeBudget(budget=Budget(calls=7, usd=0.5)),
    ]
    numbers = [await store.add_directive(RUN, one) for one in sent]
    await store.add_directive("r-two", Stop())
    assert store.directives(RUN) == list(zip(numbers, sent, strict=True))
    assert [one for _, one in store.directives(RUN, after=numbers[1])] == sent[2:]


async def test_a_turn_is_said_once_and_comes_back_whole(store: Store) -> None:
    turn = DialogueTurn(
        step=2,
        place="0/teacher",
        order=1,
        role="teacher",
        skill="questions",
        messages=({"role": "system", "content": "Ask."}, {"role": "user", "content": "Über was?"}),
        raw="1. Why?",
        parsed={"questions": ["Why?"]},
    )
    silent = turn.model_copy(update={"place": "0/critic", "parsed": None, "raw": "…"})
    first = await store.save_dialogue(RUN, turn)
    assert await store.save_dialogue(RUN, turn.model_copy(update={"raw": "said again"})) == first
    second = await store.save_dialogue(RUN, silent)

    said = store.dialogue(RUN)
    assert [one.model_copy(update={"number": 0, "at": ""}) for one in said] == [turn, silent]
    assert [one.number for one in said] == [first, second]
    assert store.dialogue(RUN, after=first) == said[1:]


async def test_no_secret_reaches_the_log(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_TEST_TOKEN", 'tok"en-äö-123')
    secret = 'tok"en-äö-123'
    turn = DialogueTurn(
        step=1,
        place="p",
        role="critic",
        skill="gradient",
        messages=({"role": "user", "content": f"Use {secret}."},),
        raw=f"{{{secret}}}",
        parsed={"reasons": [secret]},
    )
    await store.save_dialogue(RUN, turn)
    await store.append_events([fact("a").model_copy(update={"data": {"error": {"text": f"401 {secret}"}}})])
    assert store.dialogue(RUN)[0].raw == "{[STORE_TEST_TOKEN]}"
    assert store.dialogue(RUN)[0].parsed == {"reasons": ["[STORE_TEST_TOKEN]"]}
    assert store.dialogue(RUN)[0].messages[0]["content"] == "Use [STORE_TEST_TOKEN]."
    assert store.events(RUN)[0].data == {"error": {"text": "401 [STORE_TEST_TOKEN]"}}


async def test_lessons_are_kept_by_step(store: Store) -> None:
    preferences = [
        PreferenceRow(a="c-1", b="c-2", margin=-0.5, step=1, feedback="shorter"),
        PreferenceRow(a="c-1", b="c-2", example="e-1", margin=1.0, by="openai/m", step=2),
    ]
    rules = [RuleRow(when="no label", advice="Name one.", step=1), RuleRow(when="long", advice="Be brief.", step=3)]
    for _ in range(2):
        await store.save_preferences(RUN, preferences)
        await store.save_rules(RUN, rules)
    assert store.preferences(RUN) == preferences
    assert store.preferences(RUN, before_step=2) == preferences[:1]
    assert store.rules(RUN) == rules
    assert store.rules(RUN, before_step=3) == rules[:1]
