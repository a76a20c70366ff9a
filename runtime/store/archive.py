"""Queries for candidates with their programs, statuses and evaluations, as they were before any step."""

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
    """With program, prompts and lineage. Idempotent by (run, id): an existing candidate stays as it is."""
    for candidate in candidates:
        _save_program(db, candidate.program)
        db.execute(
            "INSERT INTO candidates (run, id, program, operator, rationale, status, reason, round, step) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                run,
                candidate.id,
                candidate.program.id,
                candidate.operator,
                candidate.rationale,
                candidate.status,
                candidate.reason,
                candidate.round,
                candidate.step,
            ),
        )
        if db.execute("SELECT changes()").fetchone()[0]:
            db.executemany(
                "INSERT INTO lineage (run, child, place, parent, operator) VALUES (?, ?, ?, ?, ?)",
                [
                    (run, candidate.id, place, parent, candidate.operator)
                    for place, parent in enumerate(candidate.parents)
                ],
            )


def save_programs(db: sqlite3.Connection, programs: Sequence[Program]) -> None:
    """By content: an existing program with the same id is equal."""
    for program in programs:
        _save_program(db, program)


def program(db: sqlite3.Connection, name: str) -> Program | None:
    """A program by its id."""
    return _load_programs(db, [name]).get(name)


def save_status_changes(db: sqlite3.Connection, run: str, changes: Sequence[StatusChange]) -> None:
    """By (run, candidate, step): a step that runs again replaces its earlier decision."""
    db.executemany(
        "INSERT INTO verdicts (run, candidate, step, status, reason) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET status = excluded.status, reason = excluded.reason",
        [(run, change.candidate, change.step, change.status, change.reason) for change in changes],
    )


def candidates(db: sqlite3.Connection, run: str, *, before_step: int | None = None) -> list[Candidate]:
    """Those created before a step, in order, with the status and reason that they had when it began."""
    return _select_candidates(db, run, before_step, None)


def candidate(db: sqlite3.Connection, run: str, name: str) -> Candidate | None:
    """One candidate in its current state; reads no others."""
    return next(iter(_select_candidates(db, run, None, name)), None)


def _select_candidates(db: sqlite3.Connection, run: str, before_step: int | None, name: str | None) -> list[Candidate]:
    rows = db.execute(_CANDIDATES, (run, _step_limit(before_step), name)).fetchall()
    programs = _load_programs(db, [rows[0][1]] if rows else []) if name else _programs_of_run(db, run)
    parents: dict[str, list[str]] = {}
    for child, parent in db.execute(_PARENTS, (run, name)):
        parents.setdefault(child, []).append(parent)
    return [
        Candidate(
            id=candidate_id,
            program=programs[program_id],
            parents=tuple(parents.get(candidate_id, ())),
            operator=operator,
            rationale=rationale,
            status=status,
            reason=reason,
            round=round_,
            step=step,
        )
        for candidate_id, program_id, operator, rationale, status, reason, round_, step in rows
    ]


def save_evaluations(db: sqlite3.Connection, run: str, evaluations: Sequence[Evaluation]) -> None:
    """Idempotent by (run, candidate, example, split): an existing evaluation stays as it is."""
    db.executemany(
        "INSERT INTO evaluations (run, candidate, example, split, score, step, data) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(run, e.candidate, e.example, e.split, e.score, e.step, evaluation_data(e)) for e in evaluations],
    )


def save_responses(db: sqlite3.Connection, run: str, responses: Sequence[Response]) -> None:
    """Outputs that nothing scores. Idempotent by (run, candidate, example, split)."""
    db.executemany(
        "INSERT INTO responses (run, candidate, example, split, step, output, answer) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(run, r.candidate, r.example, r.split, r.step, r.output, r.answer) for r in responses],
    )


def responses(db: sqlite3.Connection, run: str, *, before_step: int | None = None) -> list[Response]:
    """In the order they came."""
    rows = db.execute(
        "SELECT candidate, example, split, step, output, answer FROM responses WHERE run = ? AND step < ? "
        "ORDER BY rowid",
        (run, _step_limit(before_step)),
    )
    return [
        Response(candidate=candidate_id, example=example, split=split, step=step, output=output, answer=answer)
        for candidate_id, example, split, step, output, answer in rows
    ]


def replace_evaluations(db: sqlite3.Connection, run: str, evaluations: Sequence[Evaluation]) -> None:
    """Rescored evaluations, by (run, candidate, example), under the example's current split. Each keeps its step."""
    db.executemany(
        "UPDATE evaluations SET score = ?, data = ?, split = ? WHERE run = ? AND candidate = ? AND example = ?",
        [(e.score, evaluation_data(e), e.split, run, e.candidate, e.example) for e in evaluations],
    )


def evaluations(
    db: sqlite3.Connection,
    run: str,
    *,
    before_step: int | None = None,
    split: str | None = None,
    candidate: str | None = None,
) -> list[Evaluation]:
    """In the order they came."""
    return [
        Evaluation(
            candidate=candidate_id, example=example, split=split_name, score=score, step=step, **json.loads(data)
        )
        for candidate_id, example, split_name, score, step, data in db.execute(
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
    rows = db.execute("SELECT DISTINCT program FROM candidates WHERE run = ?", [run])
    return _load_programs(db, [program_id for (program_id,) in rows])


def _load_programs(db: sqlite3.Connection, names: Sequence[str]) -> dict[str, Program]:
    rows = db.execute(
        "SELECT id, prompts, router FROM programs WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(names)]
    ).fetchall()
    slots: dict[str, dict[str, str]] = {program_id: json.loads(prompts) for program_id, prompts, _ in rows}
    prompt_ids = json.dumps(sorted({prompt for names in slots.values() for prompt in names.values()}))
    prompts = {
        prompt_id: Prompt.model_validate_json(parts)
        for prompt_id, parts in db.execute(
            "SELECT id, parts FROM prompts WHERE id IN (SELECT value FROM json_each(?))", [prompt_ids]
        )
    }
    return {
        program_id: Program(
            prompts={name: prompts[prompt_id] for name, prompt_id in slots[program_id].items()}, router=_router(router)
        )
        for program_id, _, router in rows
    }


def _router(text: str | None) -> Router | None:
    return Router.model_validate_json(text) if text else None


def evaluation_data(evaluation: Evaluation) -> str:
    """The fields without a column, as JSON. Not by pydantic, which would write an infinite part as null."""
    return json.dumps(evaluation.model_dump(exclude={"candidate", "example", "split", "score", "step"}))


def _step_limit(before_step: int | None) -> Any:
    return _ANY_STEP if before_step is None else before_step
