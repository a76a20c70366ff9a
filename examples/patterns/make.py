"""Write the data files of this task: `python -m maieutic.examples.patterns.make`. Deterministic.

Each input is one of five kinds, with the answer in a different part: no single rule fits more than two kinds.

| kind | the answer |
|---|---|
| list, `plum, fig, pear` | the last item |
| route, `Oslo > Rome > Bern` | the first place |
| date, `14 March 2019` | the month |
| entry, `colour: mostly green` | the last word |
| sentence with a quotation | what stands in the quotation marks |
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

FRUITS = ("plum", "fig", "pear", "apple", "lemon", "cherry", "mango", "grape", "melon", "peach", "lime", "quince")
PLACES = ("Oslo", "Rome", "Bern", "Lima", "Cairo", "Paris", "Delhi", "Quito", "Tunis", "Riga", "Seoul", "Turin")
MONTHS = ("January", "March", "April", "May", "June", "July", "August", "October", "November", "December")
FIELDS = {
    "colour": ("green", "blue", "red", "yellow", "black", "white"),
    "size": ("small", "large", "medium", "tiny", "huge"),
    "material": ("wood", "steel", "glass", "paper", "wool"),
    "owner": ("Anna", "Boris", "Clara", "David", "Elena"),
}
VERBS = ("wrote", "shouted", "painted", "read", "sang")
WORDS = ("hello", "welcome", "danger", "silence", "tomorrow", "thanks", "open", "closed", "fragile", "north")
SIZES = {"train": 60, "val": 60, "test": 80}


def listed(rng: Random) -> tuple[str, str]:
    items = rng.sample(FRUITS, rng.randint(3, 5))
    return ", ".join(items), items[-1]


def route(rng: Random) -> tuple[str, str]:
    places = rng.sample(PLACES, rng.randint(3, 4))
    return " > ".join(places), places[0]


def date(rng: Random) -> tuple[str, str]:
    month = rng.choice(MONTHS)
    return f"{rng.randint(1, 28)} {month} {rng.randint(1960, 2024)}", month


def entry(rng: Random) -> tuple[str, str]:
    field = rng.choice(sorted(FIELDS))
    value = rng.choice(FIELDS[field])
    return f"{field}: {rng.choice(('', 'mostly ', 'very ', 'all '))}{value}".replace("  ", " "), value


def quotation(rng: Random) -> tuple[str, str]:
    word, place, name = rng.choice(WORDS), rng.choice(PLACES), rng.choice(FIELDS["owner"])
    return f'{name} {rng.choice(VERBS)} "{word}" on a wall in {place}', word


KINDS = (listed, route, date, entry, quotation)


def rows(seed: int = 11) -> list[dict[str, str]]:
    """Equally many of each kind, shuffled, no input twice."""
    rng, made = Random(seed), dict[str, dict[str, str]]()
    while len(made) < sum(SIZES.values()):
        text, wanted = KINDS[len(made) % len(KINDS)](rng)
        made.setdefault(text, {"input": text, "output": wanted})
    drawn = list(made.values())
    rng.shuffle(drawn)
    return drawn


def main() -> None:
    left = rows()
    for split, size in SIZES.items():
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in left[:size]]
        Path(__file__).with_name(f"{split}.jsonl").write_text("".join(lines), encoding="utf-8")
        left = left[size:]


if __name__ == "__main__":
    main()
