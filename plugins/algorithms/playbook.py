"""A playbook: short notes with ids and counts, in sections, that grow by small changes (ACE, arXiv 2510.04618).

In a text it stands at the end, below the line `# Playbook`; what stands before it is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ...core.prompt import Prompt, Section
from ...core.words import word_units

PLAYBOOK_SECTION = "Playbook"
_HEADING = f"# {PLAYBOOK_SECTION}"
_BULLET = re.compile(
    r"^\s*-?\s*\[(?P<id>[a-z]+-\d+)\] helpful=(?P<helpful>\d+) harmful=(?P<harmful>\d+) :: (?P<text>.+)$"
)
_SECTION_LINE = re.compile(r"^\s*#{2,}\s*(?P<name>.+?)\s*$")
_ID_PREFIX = "note"
DEFAULT_SECTION = "notes"


@dataclass(frozen=True, kw_only=True)
class Bullet:
    """One note. helpful, harmful: in how many runs a reflection found it so."""

    id: str
    section: str
    text: str
    helpful: int = 0
    harmful: int = 0

    def line(self) -> str:
        return f"- [{self.id}] helpful={self.helpful} harmful={self.harmful} :: {self.text}"


@dataclass(frozen=True, kw_only=True)
class Delta:
    """One change: a new note in a section, or another text for the note `id`."""

    text: str
    section: str = DEFAULT_SECTION
    id: str = ""


def playbook_of(prompt: Prompt) -> tuple[Bullet, ...]:
    """The notes in a prompt's section `Playbook`, or below the heading of a text of the kind playbook."""
    if prompt.kind != "prose":
        return parse_playbook(prompt.instruction.partition(f"{_HEADING}\n")[2])
    return parse_playbook(next((part.text for part in prompt.sections if part.name == PLAYBOOK_SECTION), ""))


def with_playbook(prompt: Prompt, bullets: Sequence[Bullet]) -> Prompt:
    """The prompt with these notes in place of those that it has; all else stays."""
    text = playbook_text(bullets)
    if prompt.kind != "prose":
        before = prompt.instruction.partition(f"{_HEADING}\n")[0].rstrip("\n")
        return prompt.with_(instruction="\n\n".join(part for part in (before, f"{_HEADING}\n{text}") if part))
    sections = [part for part in prompt.sections if part.name != PLAYBOOK_SECTION]
    return prompt.with_(sections=(*sections, Section(name=PLAYBOOK_SECTION, text=text)))


def parse_playbook(text: str) -> tuple[Bullet, ...]:
    """The notes of a playbook's text; lines that are none are left out."""
    bullets: list[Bullet] = []
    section = DEFAULT_SECTION
    for line in text.splitlines():
        if heading := _SECTION_LINE.match(line):
            section = heading["name"]
        elif match := _BULLET.match(line):
            counts = {name: int(match[name]) for name in ("helpful", "harmful")}
            bullets.append(Bullet(id=match["id"], section=section, text=match["text"].strip(), **counts))
    return tuple(bullets)


def playbook_text(bullets: Iterable[Bullet]) -> str:
    """Sections in the order of their first notes, notes by age."""
    sections: dict[str, list[Bullet]] = {}
    for bullet in bullets:
        sections.setdefault(bullet.section, []).append(bullet)
    return "\n".join(
        line for name, notes in sections.items() for line in (f"## {name}", *(bullet.line() for bullet in notes))
    )


def count_marks(bullets: Sequence[Bullet], helpful: Iterable[str], harmful: Iterable[str]) -> tuple[Bullet, ...]:
    """The notes with one more for each that is named; unknown ids count for nothing."""
    good, bad = set(helpful), set(harmful)
    return tuple(
        replace(bullet, helpful=bullet.helpful + (bullet.id in good), harmful=bullet.harmful + (bullet.id in bad))
        for bullet in bullets
    )


def apply_deltas(bullets: Sequence[Bullet], deltas: Iterable[Delta]) -> tuple[Bullet, ...]:
    """The notes with the changes merged in, without a model: one that says the same as another is not added again."""
    merged = {bullet.id: bullet for bullet in bullets}
    number = max((int(bullet.id.rpartition("-")[2]) for bullet in bullets), default=0)
    sections = {section_key(bullet.section): bullet.section for bullet in bullets}
    for delta in deltas:
        text = " ".join(delta.text.split())
        if not text or _says_the_same(text, merged.values()):
            continue
        if delta.id in merged:
            merged[delta.id] = replace(merged[delta.id], text=text)
            continue
        number += 1
        section = sections.setdefault(section_key(delta.section), delta.section)
        bullet = Bullet(id=f"{_ID_PREFIX}-{number:05}", section=section, text=text)
        merged[bullet.id] = bullet
    return tuple(merged.values())


def refine(bullets: Sequence[Bullet], *, harmful: int, most: int) -> tuple[Bullet, ...]:
    """Without the notes that misled, and no more than so many: those with the worst balance go first, older ones later.

    harmful: how often a note has to have misled, more often than it helped.
    """
    useful = [bullet for bullet in bullets if bullet.harmful < harmful or bullet.harmful <= bullet.helpful]
    if len(useful) <= most:
        return tuple(useful)
    by_balance = sorted(useful, key=lambda bullet: bullet.harmful - bullet.helpful)
    chosen = {bullet.id for bullet in by_balance[:most]}
    return tuple(bullet for bullet in useful if bullet.id in chosen)


def section_key(name: str) -> str:
    return " ".join(name.casefold().split())


def _says_the_same(text: str, bullets: Iterable[Bullet]) -> bool:
    """Whether a note has the same words. One word more or less may be another rule."""
    words = sorted(word_units(text))
    return any(sorted(word_units(bullet.text)) == words for bullet in bullets)
