from __future__ import annotations

from typing import Literal

import pytest
from maieutic.core.dataset import Example
from maieutic.core.errors import RunFailed, UsageError
from maieutic.core.events import Event
from maieutic.runtime.store import RunRecord, Store
from pydantic import ValidationError

RUN = "r-one"


async def test_a_run_comes_back_as_it_was_written(store: Store) -> None:
    run = RunRecord(
        id="r-two",
        task="reviews",
        task_json='{"name": "reviews"}',
        recipe="mars",
        recipe_json="{}",
        seed=-(2**63),
        started="2026-01-01T00:00:00+00:00",
        budget_json='{"calls": 10}',
        folder="/somewhere",
        source="task.toml",
        pid=17,
        options={"concurrency": 4, "names": ["ä", "b"]},
    )
    await store.create_run(run)
    assert store.run("r-two") == run


async def test_the_start_of_a_run_is_stamped(store: Store) -> None:
    assert store.run(RUN).started.endswith("+00:00")


async def test_fields_are_updated_by_name(store: Store) -> None:
    await store.update_run(RUN, state="finished", best="c-1", best_score=0.5, calls=9, options={"a": 1})
    run = store.run(RUN)
    assert (run.state, run.best, run.best_score, run.calls, run.options) == ("finished", "c-1", 0.5, 9, {"a": 1})
    assert run.task == "reviews"


@pytest.mark.parametrize("fields", [{"state": "asleep"}, {"colour": "red"}, {"calls": "many"}])
async def test_what_no_run_has_is_refused_and_nothing_changes(store: Store, fields: dict[str, str]) -> None:
    before = store.run(RUN)
    with pytest.raises(ValidationError):
        await store.update_run(RUN, **fields)
    assert store.run(RUN) == before


async def test_an_unknown_run_is_not_updated(store: Store) -> None:
    with pytest.raises(UsageError, match="no run 'r-x'"):
        await store.update_run("r-x", state="failed")


async def test_an_id_is_given_once(store: Store) -> None:
    with pytest.raises(UsageError, match="exists already"):
        await store.create_run(RunRecord(id=RUN, task="t", recipe="auto"))


async def test_runs_are_found_by_id_beginning_and_age(store: Store) -> None:
    for name in ("r-alpha", "r-alphabet", "r-beta"):
        await store.create_run(RunRecord(id=name, task="t", recipe="auto"))
    assert store.run("r-alpha").id == "r-alpha"
    assert store.run("r-alphab").id == "r-alphabet"
    assert store.run("latest").id == "r-beta"
    assert [run.id for run in store.runs()] == ["r-beta", "r-alphabet", "r-alpha", RUN]


async def test_a_beginning_that_two_runs_share_is_refused_with_both(store: Store) -> None:
    for name in ("r-alpha", "r-alphabet"):
        await store.create_run(RunRecord(id=name, task="t", recipe="auto"))
    with pytest.raises(UsageError) as caught:
        store.run("r-al")
    assert set(caught.value.possible) == {"r-alpha", "r-alphabet"}


@pytest.mark.parametrize("ref", ["nothing", "", "%", "r_one"])
def test_an_unknown_run_is_answered_with_those_there_are(store: Store, ref: str) -> None:
    with pytest.raises(UsageError) as caught:
        store.run(ref)
    assert caught.value.possible == ("latest", RUN)


async def test_rows_are_kept_for_any_process_to_show(store: Store) -> None:
    rows = [
        ("val", Example(input={"text": "Fine.", "stars": 4}, outputs=("positive", "good"), metadata={"n": [1]})),
        ("train", Example(input="Bad.", outputs=("negative",))),
        ("val", Example(input="Unlabelled")),
    ]
    await store.save_examples(RUN, rows)
    await store.save_examples(RUN, rows)
    assert store.examples(RUN) == rows
    assert store.examples(RUN, "val") == [rows[0], rows[2]]
    assert store.example(RUN, rows[1][1].id) == rows[1][1]
    assert store.example(RUN, "e-none") is None


async def test_a_report_is_written_once(store: Store) -> None:
    """A node that runs again keeps the first report; a finished run refuses another."""
    assert store.report(RUN) is None
    assert await store.save_report(RUN, '{"verdict": "worse"}') == '{"verdict": "worse"}'
    assert await store.save_report(RUN, '{"verdict": "improved"}') == '{"verdict": "worse"}'
    await store.end_run(RUN, "finished", end_event("run_finished", 9), best="c")
    assert await store.save_report(RUN, '{"verdict": "worse"}') == '{"verdict": "worse"}'
    with pytest.raises(RunFailed, match="a finished run keeps its report"):
        await store.save_report(RUN, '{"verdict": "improved"}')
    assert store.report(RUN) == store.pending_report(RUN) == '{"verdict": "worse"}'


async def test_a_search_that_goes_on_after_a_stop_ends_and_reports_anew(store: Store) -> None:
    await store.save_report(RUN, '{"n": 1}')
    await store.end_run(RUN, "stopped", end_event("run_stopped", 5), reason="a person stopped it")
    end = store.run_end(RUN)
    assert end is not None
    assert (end.number, end.state, end.reason, end.step) == (1, "stopped", "a person stopped it", 5)
    for _ in range(2):  # a process that dies after it does it again
        await store.continue_run(RUN)
        assert store.run_end(RUN) is None
    assert (store.run(RUN).state, store.pending_report(RUN)) == ("running", None)
    assert await store.save_report(RUN, '{"n": 2}') == store.report(RUN) == '{"n": 2}'
    await store.end_run(RUN, "finished", end_event("run_finished", 9))
    await store.continue_run(RUN)
    end = store.run_end(RUN)
    assert end is not None
    assert (end.number, end.state) == (2, "finished")


async def test_a_finished_run_stays_finished(store: Store) -> None:
    for _ in range(2):
        await store.end_run(RUN, "finished", end_event("run_finished", 9), best="c")
    assert await store.interrupt_run(RUN, "stopped", end_event("run_stopped", 0)) == []
    assert await store.end_run(RUN, "stopped", end_event("run_stopped", 12), best="other") == []
    await store.claim_run(RUN, 1, {})
    assert (store.run(RUN).state, store.run(RUN).best) == ("finished", "c")
    assert [event.kind for event in store.events(RUN)] == ["run_finished"]


def end_event(kind: Literal["run_finished", "run_stopped"], step: int) -> Event:
    return Event(run=RUN, kind=kind, key=f"{step}:{kind}:", step=step)


def test_it_is_known_which_runs_there_are(store: Store) -> None:
    assert store.has_run(RUN)
    assert not store.has_run("r-o")
