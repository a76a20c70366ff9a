"""Ask and tell over the strategies of a run: the caller answers, and everything else is a run's."""

from __future__ import annotations

import gc
import warnings
from pathlib import Path
from typing import Any

import pytest
from maieutic import ask_tell, optimize
from maieutic.core.errors import ModelError, UsageError
from maieutic.graphs.ask_tell import AskTell
from maieutic.runtime.store import Store
from maieutic.testing import StubServer
from maieutic.testing.simulated_models import SimulatedOptimizer, SimulatedTarget, true_label

ROWS = [(f"{split} word {n}", true_label(f"{split} word {n}")) for split in ("train", "val", "test") for n in range(8)]
MODEL = SimulatedTarget()


def search_in(folder: Path, **options: Any) -> AskTell:
    options = {"recipe": "random-demos", "calls": 60, "folder": folder, "metric": "exact", **options}
    return ask_tell(prompt="Say red or blue.", train=ROWS, labels=["red", "blue"], **options)


def run_to_end(search: AskTell, most: int = 10_000) -> int:
    told = 0
    with search:
        for trial in search:
            if told == most:
                break
            search.tell(trial, MODEL.answer(trial.messages).text)
            told += 1
    return told


def test_the_caller_answers_and_the_run_ends_as_with_that_model(tmp_path: Path) -> None:
    search = search_in(tmp_path / "told")
    told = run_to_end(search)
    assert 0 < told <= 60
    assert search.ask() is None
    with StubServer(MODEL) as server:
        options: dict[str, Any] = {
            "recipe": "random-demos",
            "calls": 60,
            "folder": tmp_path / "asked",
            "metric": "exact",
        }
        same = optimize(
            prompt="Say red or blue.",
            train=ROWS,
            labels=["red", "blue"],
            target=f"llamacpp/stub@{server.base}",
            **options,
        )
    assert search.result.candidate == same.candidate
    assert search.best == search.result.program
    assert search.result.report is not None
    assert same.report is not None
    assert search.result.report.difference == same.report.difference
    assert search.result.report.calls == same.report.calls


def test_what_was_told_is_not_asked_again(tmp_path: Path) -> None:
    assert run_to_end(search_in(tmp_path / "store"), most=12) == 12
    whole = run_to_end(search_in(tmp_path / "whole"))
    assert run_to_end(search_in(tmp_path / "store")) == whole - 12


def test_best_is_a_program_from_the_beginning_on(tmp_path: Path) -> None:
    with search_in(tmp_path / "store") as search:
        assert search.best.main.instruction == "Say red or blue."
        trial = search.ask()
        assert trial is not None
        assert "word" in trial.text
        assert search.best.main.instruction == "Say red or blue."
        with pytest.raises(UsageError, match="the search goes on"):
            _ = search.result
    with Store.open(tmp_path / "store", read_only=True) as store:
        assert store.run(search.run).state == "stopped"


def test_what_cannot_be_told_is_refused(tmp_path: Path) -> None:
    with search_in(tmp_path / "store") as search:
        trial = search.ask()
        assert trial is not None
        with pytest.raises(UsageError, match="an output is a text"):
            search.tell(trial, 0.5)  # type: ignore[arg-type]
        search.tell(trial, "red")
        with pytest.raises(UsageError, match="told already"):
            search.tell(trial, "red")
    with pytest.raises(UsageError, match="leave target out"):
        search_in(tmp_path / "other", target="openai/x")


def test_a_search_that_nobody_asks_ends_without_a_warning(tmp_path: Path) -> None:
    with search_in(tmp_path / "store") as search:
        assert search.best.main.instruction == "Say red or blue."
    with warnings.catch_warnings(record=True) as warned:
        del search
        gc.collect()
    assert [str(warning.message) for warning in warned] == []


def test_a_search_that_fails_raises_where_it_is_asked(tmp_path: Path) -> None:
    search = search_in(tmp_path / "store", metric=lambda output: 1 / 0)
    with search, pytest.raises(UsageError, match="cannot score the reference outputs"):
        search.ask()


def test_without_the_program_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="the program that began the run answers"):
        optimize(prompt="Say red or blue.", train=ROWS, target="caller/tell", calls=50, folder=tmp_path)


def test_an_optimizer_writes_and_the_caller_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "anything")
    with StubServer(SimulatedOptimizer()) as server:
        search = search_in(tmp_path / "store", recipe="opro", calls=90, optimizer=f"openai/stub@{server.base}")
        told = run_to_end(search)
    assert search.result.report is not None
    assert search.result.report.calls.target == told
    assert server.count == search.result.report.calls.optimizer > 0
