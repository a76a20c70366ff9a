"""ACE: lessons from runs, notes from lessons, merged one by one; counts, corrections, the best playbook wins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from maieutic.core.budget import Budget
from maieutic.core.prompt import Prompt
from maieutic.plugins.algorithms.playbook import (
    Bullet,
    Delta,
    apply_deltas,
    count_marks,
    parse_playbook,
    playbook_of,
    playbook_text,
    refine,
    with_playbook,
)


def by_notes(messages: Sequence[Any]) -> str:
    """Right on the rows whose last digit a note of the playbook names."""
    row = int(re.findall(r"number (\d+)", messages[-1]["content"])[-1])
    digits = re.findall(r"digit (\d)", "\n".join(message["content"] for message in messages))
    return ("even", "odd")[(row + (str(row % 10) not in digits)) % 2]


def author(question: str) -> str:
    """A lesson and a note for each failed row; the note that stands first always helped, the second misled."""
    notes = re.findall(r"\[(note-\d+)\]", question)
    if "draw lessons" in question:
        digits = sorted({match[-1] for match in re.findall(r"Input: number (\d+)", question)})
        marks = f"<helpful>{notes[0]}</helpful>" if notes else ""
        marks += f"<harmful>{notes[1]}</harmful>" if len(notes) > 1 else ""
        return marks + "".join(f"<lesson>Look out for digit {digit}.</lesson>" for digit in digits)
    digits = sorted(set(re.findall(r"Look out for digit (\d)", question)))
    return "".join(f"<bullet>digits | Mind the digit {digit}.</bullet>" for digit in digits)


async def test_the_shape_of_a_run(play: Any) -> None:
    run = await play("ace", author, target=by_notes, budget=Budget(calls=280), rows=20)
    assert run.report.verdict == "improved"
    assert {skill for skill, count in run.skills.items() if count} == {"lessons", "curate"}
    playbooks = [playbook_of(candidate.program.main) for candidate in run.made_by("curate")]
    assert all(playbooks)
    for candidate in run.made_by("curate"):
        (parent,) = (run.candidates[name] for name in candidate.parents)
        before, after = (playbook_of(one.program.main) for one in (parent, candidate))
        kept = {bullet.id: bullet for bullet in after}
        gone = [bullet for bullet in before if bullet.id not in kept]
        assert all(kept[bullet.id].text == bullet.text for bullet in before if bullet.id in kept), (
            "no note is rewritten"
        )
        assert all(bullet.harmful >= 1 for bullet in gone), "none is lost but those that misled"
        assert candidate.program.main.instruction == "Say even or odd."
    assert run.mean(run.best) == max(run.mean(one) for one in run.candidates if run.rows(one))

    made = run.made_by("curate")
    assert [candidate.parents[0] for candidate in made[1:]] == [candidate.id for candidate in made[:-1]]
    last = playbook_of(made[-1].program.main)
    assert last[0].helpful > 0
    first_lessons, second_lessons = run.asked("lessons")[:2]
    assert "[note-" not in first_lessons
    assert "] helpful=0 harmful=0 :: Mind the digit" in second_lessons


BULLETS = (
    Bullet(id="note-00001", section="rules", text="Answer in one word.", helpful=3),
    Bullet(id="note-00002", section="traps", text="Mind the year.", harmful=2, helpful=1),
    Bullet(id="note-00004", section="rules", text="Dates are ISO."),
)


def test_a_playbook_is_written_and_read() -> None:
    text = playbook_text(BULLETS)
    assert text.splitlines()[:2] == ["## rules", "- [note-00001] helpful=3 harmful=0 :: Answer in one word."]
    assert set(parse_playbook(text)) == set(BULLETS)
    prompt = with_playbook(Prompt(instruction="Say {x}."), BULLETS)
    assert prompt.instruction == "Say {x}."
    assert playbook_text(playbook_of(prompt)) == text
    notes = Prompt(instruction="---\nname: dates\n---\n\nRead all.", kind="playbook")
    grown = with_playbook(with_playbook(notes, BULLETS[:1]), BULLETS)
    assert grown.instruction == f"---\nname: dates\n---\n\nRead all.\n\n# Playbook\n{text}"


def test_changes_are_merged_by_rule() -> None:
    deltas = [
        Delta(text="answer in ONE word", section="form"),  # says the same
        Delta(text="Dates are ISO, in UTC.", id="note-00004"),
        Delta(text="Ask for the id.", section="Rules"),
        Delta(text="Ask for the year.", id="note-00099"),
        Delta(text="  "),
    ]
    merged = apply_deltas(BULLETS, deltas)
    assert [(bullet.id, bullet.section, bullet.text) for bullet in merged[2:]] == [
        ("note-00004", "rules", "Dates are ISO, in UTC."),
        ("note-00005", "rules", "Ask for the id."),
        ("note-00006", "notes", "Ask for the year."),
    ]
    assert merged[:2] == BULLETS[:2]


def test_marks_count_and_what_misleads_is_taken_out() -> None:
    counted = count_marks(BULLETS, helpful=["note-00002", "note-00077"], harmful=["note-00004"])
    assert [(bullet.helpful, bullet.harmful) for bullet in counted] == [(3, 0), (2, 2), (0, 1)]
    assert [bullet.id for bullet in refine(BULLETS, harmful=2, most=9)] == ["note-00001", "note-00004"]
    assert [bullet.id for bullet in refine(BULLETS, harmful=9, most=2)] == ["note-00001", "note-00004"]
