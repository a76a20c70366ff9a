"""Write the data files of this task: `python -m maieutic.examples.agent.make`. Deterministic."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

WISHES = {
    "kitchen": (
        "could somebody bring {n} sandwiches to room {room}",
        "we would like breakfast for {n} in room {room} tomorrow",
        "room {room} is hungry, are there still {n} plates of soup",
        "please send {n} cups of tea up to {room}",
        "is there a menu for children, we are {n} at table {room}",
    ),
    "cleaning": (
        "room {room} needs {n} fresh towels",
        "somebody spilled juice on the carpet of {room}, {n} spots",
        "please change the {n} beds in room {room}",
        "the bin in {room} has not been emptied for {n} days",
        "there is dust under all {n} chairs in {room}",
    ),
    "repair": (
        "the tap in {room} has been dripping for {n} hours",
        "{n} lamps in room {room} do not work",
        "the window of {room} cannot be closed, it is stuck {n} centimetres open",
        "the heater in {room} went off {n} times last night",
        "the door of room {room} only locks at the {n}th try",
    ),
}
ASIDES = (
    "We arrived late.",
    "The view is lovely.",
    "My sister stayed here last year.",
    "Thank you for the flowers.",
    "The concert was wonderful.",
    "We leave on Sunday.",
    "Your lift is very quick.",
    "It rained the whole day.",
)
SIZES = {"train": 36, "val": 36, "test": 60}


def rows(seed: int = 11) -> list[dict[str, str]]:
    rng = Random(seed)
    made: dict[str, dict[str, str]] = {}
    while len(made) < sum(SIZES.values()):
        team = sorted(WISHES)[len(made) % len(WISHES)]
        wish = rng.choice(WISHES[team]).format(n=rng.randint(2, 9), room=rng.randint(101, 432))
        before, after = rng.sample(ASIDES, 2)
        text = f"{before} {wish[0].upper()}{wish[1:]}. {after}"
        made.setdefault(text, {"input": text, "output": team})
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
