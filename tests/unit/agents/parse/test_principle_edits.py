"""An edit of the principles as weak authors give it: one block, of which the instruction's own samples are none."""

from __future__ import annotations

import pytest
from maieutic.agents.evidence import EvidenceView
from maieutic.agents.instructions import shipped_instructions
from maieutic.agents.parse.replies import parse_reply
from maieutic.plugins.operators.principle_edit import EditPrinciple, PrincipleReply

ASK = EditPrinciple(task="Judge films.", prompt="Good or bad?", principles=("Praise counts.", "Length does not."))


def read(text: str) -> tuple[str, int, str] | None:
    told = shipped_instructions()["student.principle"]
    reply = parse_reply(ASK, text, samples=told.samples, tags=told.tags)
    assert reply is None or isinstance(reply, PrincipleReply)
    return (reply.edit, reply.number, reply.principle) if reply else None


@pytest.mark.parametrize(
    ("said", "edit"),
    [
        ("<principle>NEW: Irony turns praise around.</principle>", ("add", 0, "Irony turns praise around.")),
        ("<principle>Irony turns praise around.</principle>", ("add", 0, "Irony turns praise around.")),
        ("<principle>NEW Irony turns praise around.", ("add", 0, "Irony turns praise around.")),
        ("<principle>- New: Irony turns praise around.</principle>", ("add", 0, "Irony turns praise around.")),
        ("<principle>1. Irony turns praise around.</principle>", ("add", 0, "Irony turns praise around.")),
        ("<principle>New films are praised more.</principle>", ("add", 0, "New films are praised more.")),
        ("<principle>2: Irony turns praise around.</principle>", ("change", 2, "Irony turns praise around.")),
        ("<principle>Change 2: Irony turns praise.</principle>", ("change", 2, "Irony turns praise.")),
        ("<principle>Principle 1: Irony turns praise.</principle>", ("change", 1, "Irony turns praise.")),
        ("<principle>REMOVE 2</principle>", ("remove", 2, "")),
        ("<principle>remove principle 2.</principle>", ("remove", 2, "")),
        ("<principle>REMOVE 2: it misleads.</principle>", ("remove", 2, "")),
        ("<principle>Remove 2 words of praise first.</principle>", ("add", 0, "Remove 2 words of praise first.")),
        (
            "<edit>change</edit><number>1</number><principle>Irony turns it.</principle>",
            ("change", 1, "Irony turns it."),
        ),
        ("<edit>add</edit><number>0</number><principle>Irony turns it.</principle>", ("add", 0, "Irony turns it.")),
        ('{"principle": "NEW: Irony turns it."}', ("add", 0, "Irony turns it.")),
        ("<principle>NEW: Irony turns it.</principle>\n<principle>2: ...</principle>", ("add", 0, "Irony turns it.")),
    ],
)
def test_an_edit_is_read_in_one_block_or_in_three(said: str, edit: tuple[str, int, str]) -> None:
    assert read(said) == edit


@pytest.mark.parametrize("said", ["NEW: ...", "2: ...", "REMOVE ...", "REMOVE", "NEW: Yes.", ""])
def test_the_forms_that_were_shown_are_no_edit(said: str) -> None:
    assert read(f"<principle>{said}</principle>") is None


def test_only_where_principles_stand_their_author_is_told_how_to_change_one() -> None:
    told = shipped_instructions()["student.principle"]
    assert "REMOVE" in told.fill(EvidenceView().field_texts(ASK))
    assert "2. Length does not." in told.fill(EvidenceView().field_texts(ASK))
    first = told.fill(EvidenceView().field_texts(ASK.model_copy(update={"principles": ()})))
    assert "NEW: ..." in first
    assert "REMOVE" not in first
