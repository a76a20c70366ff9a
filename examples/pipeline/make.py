"""Write the data files of this task: `python -m maieutic.examples.pipeline.make`. Deterministic.

A message contains one request among remarks about other things; the answer is the team for the request.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

REQUESTS = {
    "refund": (
        "please send my money back for the {thing}",
        "I want to be repaid what I paid for the {thing}",
        "you charged me twice for the {thing}, so return one payment",
        "I would like the amount for the {thing} back on my card",
    ),
    "delivery": (
        "where is the parcel with my {thing}",
        "the {thing} was to arrive last week and nobody brought it",
        "can the courier bring the {thing} on another day",
        "the tracking page of my {thing} has not moved for days",
    ),
    "repair": (
        "the {thing} makes a noise and then switches itself off, can you mend it",
        "the {thing} came with a crack, I would like it fixed",
        "the {thing} does not start any more and needs a technician",
        "can somebody look at my {thing}, the handle is loose",
    ),
}
THINGS = ("kettle", "lamp", "desk", "heater", "printer", "blender", "radio", "clock", "fan", "toaster")
REMARKS = (
    "Last year I got a refund without any trouble.",
    "My neighbour had a parcel lost once and still laughs about it.",
    "We had the roof repaired this spring, so I am at home a lot.",
    "The invoice looked very pretty, by the way.",
    "Your courier is always friendly to the dog.",
    "I am no technician, as my daughter likes to say.",
    "The weather has been awful here.",
    "I paid for my holidays already, so money is no worry.",
    "Greetings from the coast.",
    "I have been a customer since the shop opened.",
)
SIZES = {"train": 48, "val": 48, "test": 72}


def rows(seed: int = 7) -> list[dict[str, str]]:
    rng = Random(seed)
    made: dict[str, dict[str, str]] = {}
    while len(made) < sum(SIZES.values()):
        team = sorted(REQUESTS)[len(made) % len(REQUESTS)]
        request = rng.choice(REQUESTS[team]).format(thing=rng.choice(THINGS))
        before, between, after = rng.sample(REMARKS, 3)
        text = f"{before} {between} So: {request}. {after}"
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
