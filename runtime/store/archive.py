"""Candidates with their programs, verdicts and evaluations: the archive, as it was before any step."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from ...core.candidate import Candidate
from ...core.program import Program
from ...core.prompt import Prompt
from ...core.routing import Router
from ...core.score import Evaluation, Response
from .records import StatusChange

_ANY_STEP = 2**62

_CANDIDATES = """
SELECT c.id, c.program, c.operator, c.rationale, coalesce(v.status, c.status), coalesce(v.reason, c.reason),
       c.round, c.step
FROM candidates c
LEFT JOIN verdicts v ON v.run = c.run AND v.candidate = c.id AND v.step = (
    SELECT max(step) FROM verdicts WHERE run = c.run AND candidate = c.id AND step < ?2)
WHERE c.run = ?1 AND c.step < ?2 AND (?3 IS NULL OR c.id = ?3)
ORDER BY c.seq
"""
_PARENTS = "SELECT child, parent FROM lineage WHERE run = ?1 AND (?2 IS NULL OR child = ?2) ORDER BY child, place"
_EVALUATIONS = """
SELECT candidate, example, split, score, step, data FROM evaluations
WHERE run = ?1 AND step < ?2 AND (?3 IS NULL OR split = ?3) AND (?4 IS NULL OR candidate = ?4)
ORDER BY seq
"""


def save_candidates(db: sqlite3.Connection, run: str, candidates: Sequence[Candidate]) -> None:
    """A candidate that is there already stays as it was."""
    for one in candidates:
        _save_program(db, one.program)
        db.execute(
            "INSERT INTO candidates (run, id, program, operator, rationale, status, reason, round, step) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (run, one.id, one.program.id, one.operator, one.rationale, one.status, one.reason, one.round, one.step),
        )
        if db.execute("SELECT changes()").fetchone()[0]:
            db.executemany(
                "INSERT INTO lineage (run, child, place, parent, operator) VALUES (?, ?, ?, ?, ?)",
                [(run, one.id, place, parent, one.operator) for place, parent in enumerate(one.parents)],
            )


def save_programs(db: sqlite3.Connection, programs: Sequence[Program]) -> None:
    for program in programs:
        _save_program(db, program)


def program(db: sqlite3.Connection, name: str) -> Program | None:
    return _load_programs(db, [name]).get(name)


def save_status_changes(db: sqlite3.Connection, run: str, verdicts: Sequence[StatusChange]) -> None:
    """A second verdict of the same step replaces the first."""
    db.executemany(
        "INSERT INTO verdicts (run, candidate, step, status, reason) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET status = excluded.status, reason = excluded.reason",
        [(run, one.candidate, one.step, one.status, one.reason) for one in verdicts],
    )


def candidates(db: sqlite3.Connection, run: str, before_step: int | None, name: str | None = None) -> list[Candidate]:
    """All of a run, or the one that is named."""
    rows = db.execute(_CANDIDATES, (run, _step_limit(before_step), name)).fetchall()
    programs = _load_programs(db, [rows[0][1]] if name and rows else []) if name else _programs_of_run(db, run)
    parents: dict[str, list[str]] = {}
    for child, parent in db.execute(_PARENTS, (run, name)):
        parents.setdefault(child, []).append(parent)
    return [
        Candidate(
            id=one,
            program=programs[program],
            parents=tuple(parents.get(one, ())),
            operator=operator,
            rationale=rationale,
            status=status,
            reason=reason,
            round=round_,
            step=step,
        )
        for one, program, operator, rationale, status, reason, round_, step in rows
    ]


def save_evaluations(db: sqlite3.Connection, run: str, evaluations: Sequence[Evaluation]) -> None:
    """An evaluation that is there already stays as it was."""
    db.executemany(
        "INSERT INTO evaluations (run, candidate, example, split, score, step, data) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(run, e.candidate, e.example, e.split, e.score, e.step, evaluation_data(e)) for e in evaluations],
    )


def save_responses(db: sqlite3.Connection, run: str, responses: Sequence[Response]) -> None:
    """A response that is there already stays as it was."""
    db.executemany(
        "INSERT INTO responses (run, candidate, example, split, step, output, answer) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(run, r.candidate, r.example, r.split, r.step, r.output, r.answer) for r in responses],
    )


def responses(db: sqlite3.Connection, run: str, before_step: int | None) -> list[Response]:
    rows = db.execute(
        "SELECT candidate, example, split, step, output, answer FROM responses WHERE run = ? AND step < ? "
        "ORDER BY rowid",
        (run, _step_limit(before_step)),
    )
    return [
        Response(candidate=of, example=example, split=split, step=step, output=output, answer=answer)
        for of, example, split, step, output, answer in rows
    ]


def evaluations(
    db: sqlite3.Connection, run: str, before_step: int | None, split: str | None, candidate: str | None
) -> list[Evaluation]:
    return [
        Evaluation(candidate=of, example=example, split=where, score=score, step=step, **json.loads(data))
        for of, example, where, score, step, data in db.execute(
            _EVALUATIONS, (run, _step_limit(before_step), split, candidate)
        )
    ]


def _save_program(db: sqlite3.Connection, program: Program) -> None:
    db.executemany(
        "INSERT INTO prompts (id, parts) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(prompt.id, json.dumps(prompt.parts())) for prompt in program.prompts.values()],
    )
    names = json.dumps({name: prompt.id for name, prompt in program.prompts.items()})
    router = program.router.model_dump_json() if program.router else None
    db.execute(
        "INSERT INTO programs (id, prompts, router) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (program.id, names, router),
    )


def _programs_of_run(db: sqlite3.Connection, run: str) -> dict[str, Program]:
    return _load_programs(
        db, [one for (one,) in db.execute("SELECT DISTINCT program FROM candidates WHERE run = ?", [run])]
    )


def _load_programs(db: sqlite3.Connection, names: Sequence[str]) -> dict[str, Program]:
    rows = db.execute(
        "SELECT id, prompts, router FROM programs WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(names)]
    ).fetchall()
    slots: dict[str, dict[str, str]] = {one: json.loads(prompts) for one, prompts, _ in rows}
    wanted = json.dumps(sorted({prompt for names in slots.values() for prompt in names.values()}))
    prompts = {
        one: Prompt.model_validate_json(parts)
        for one, parts in db.execute(
            "SELECT id, parts FROM prompts WHERE id IN (SELECT value FROM json_each(?))", [wanted]
        )
    }
    return {
        one: Program(prompts={name: prompts[prompt] for name, prompt in slots[one].items()}, router=_router(router))
        for one, _, router in rows
    }


def _router(text: str | None) -> Router | None:
    return Router.model_validate_json(text) if text else None


def evaluation_data(evaluation: Evaluation) -> str:
    """What no query asks for. Not by pydantic's own JSON, which would write an infinite part as null."""
    return json.dumps(evaluation.model_dump(exclude={"candidate", "example", "split", "score", "step"}))


def _step_limit(before_step: int | None) -> Any:
    return _ANY_STEP if before_step is None else before_step
