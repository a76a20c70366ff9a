"""How fast duels find the best prompt: the allocator's pairs against random pairs, with a person who is simulated.

    python -m maieutic.benchmarks.duels [--seeds 20] [--prompts 60] [--write docs/results.md] [--plot duels.svg]

Each seed draws instructions from a grammar; a prompt's hidden worth is a sum over its phrases, with pairs of phrases
that suit each other or not, and something of its own, brought to [0, 1]. The person prefers the first with the chance
`logistic(8 (worth of first - worth of second))`. Regret is the best worth in the pool less that of the prompt that is
believed best after so many duels. No model is called. A plot is drawn as SVG where matplotlib is installed, and in
characters where it is not.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Sequence
from pathlib import Path
from random import Random
from statistics import mean, stdev

from maieutic.core.candidate import Candidate
from maieutic.core.identity import seeded_random
from maieutic.core.program import Program
from maieutic.plugins.algorithms.preference_model import MODEL_KINDS, ModelKind, fit_preferences, prompt_features

AT = (20, 50, 100)
STEEPNESS = 8.0
FIRST = 5
GRAMMAR = (
    ("Decide", "Judge", "Say", "Determine", "Work out", "Tell"),
    ("whether the review praises or pans the film", "how the writer feels about the film", "the sentiment of the text"),
    ("step by step", "in one word", "after a short reason", "without any explanation", "like a critic", "carefully"),
    ("Look at the last sentence first", "Ignore the plot", "Mind irony", "Weigh both sides", "Trust strong words"),
    ("Answer positive or negative", "Reply with the label alone", "Give the label in lower case", "End with the label"),
)
WAYS: tuple[tuple[str, ModelKind, bool], ...] = (
    ("random pairs, linear", "linear", False),
    ("random pairs, neural", "neural", False),
    ("dueling, linear", "linear", True),
    ("dueling, neural", "neural", True),
)
_BEGIN, _END = "<!-- duels: begin -->", "<!-- duels: end -->"


def pool(rng: Random, count: int) -> tuple[list[Candidate], list[float]]:
    """Prompts that differ, and their hidden worths in [0, 1]."""
    texts: dict[tuple[str, ...], None] = {}
    while len(texts) < count:
        texts[tuple(rng.choice(part) for part in GRAMMAR)] = None
    phrases = [one for part in GRAMMAR for one in part]
    alone = {one: rng.gauss(0, 1) for one in phrases}
    suits = {(a, b): rng.gauss(0, 0.5) for a in phrases for b in phrases}
    raw = [
        sum(alone[one] for one in parts)
        + sum(suits[a, b] for at, a in enumerate(parts) for b in parts[at + 1 :])
        + rng.gauss(0, 0.5)
        for parts in texts
    ]
    low, high = min(raw), max(raw)
    made = [Program.of(f"{a} {b} {c}. {d}. {e}.") for a, b, c, d, e in texts]
    prompts = [Candidate(id=one.id, program=one, operator="drawn") for one in made]
    return prompts, [(one - low) / (high - low) for one in raw]


def regrets(seed: int, kind: ModelKind, *, chosen: bool, prompts: int) -> list[float]:
    """The regret after each number of duels in `AT`."""
    arms, worth = pool(seeded_random(seed, "pool"), prompts)
    shown, rng = prompt_features(arms), seeded_random(seed, "person")
    met: list[tuple[int, int, float]] = []
    found = []
    for number in range(1, max(AT) + 1):
        if chosen and len(met) >= FIRST:
            first, second = fit_preferences(shown, met, kind=kind, seed=seed).informative_pair(1.0)
        else:
            first, second = rng.sample(range(prompts), 2)
        chance = 1 / (1 + math.exp(-STEEPNESS * (worth[first] - worth[second])))
        met.append((first, second, 1.0 if rng.random() < chance else -1.0))
        if number in AT:
            seen = sorted({at for one in met for at in one[:2]})
            told = fit_preferences(shown, met, kind=kind, seed=seed).worth
            found.append(max(worth) - worth[max(seen, key=lambda at: told[at])])
    return found


def table(found: dict[str, list[list[float]]], seeds: int, prompts: int) -> str:
    head = "| pairs, model of worth | " + " | ".join(f"after {at}" for at in AT) + " |"
    lines = [head, "|---|" + "---|" * len(AT)]
    for name, rows in found.items():
        cells = [f"{mean(one):.3f} ± {_error(one):.3f}" for one in zip(*rows, strict=True)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    said = (
        f"Mean regret ± 1.96 standard errors, {seeds} seeds, {prompts} prompts a pool, the first {FIRST} pairs random."
    )
    return "\n".join([*lines, "", said])


def text_plot(found: dict[str, list[list[float]]]) -> str:
    """Bars of mean regret, as wide as forty marks for the largest."""
    means = {name: [mean(one) for one in zip(*rows, strict=True)] for name, rows in found.items()}
    top = max(max(one) for one in means.values()) or 1.0
    lines = []
    for place, at in enumerate(AT):
        lines.append(f"after {at} duels")
        lines += [f"  {name:<22}{'█' * round(40 * one[place] / top)} {one[place]:.3f}" for name, one in means.items()]
    return "\n".join(lines)


def svg_plot(found: dict[str, list[list[float]]], path: Path) -> bool:
    """Whether it could be drawn: matplotlib is not one of our dependencies."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        return False
    axes = (figure := Figure(figsize=(6, 4))).subplots()
    for name, rows in found.items():
        columns = list(zip(*rows, strict=True))
        axes.errorbar(AT, [mean(one) for one in columns], [_error(one) for one in columns], label=name, capsize=3)
    axes.set(xlabel="duels", ylabel="regret", ylim=(0, None))
    axes.legend()
    figure.savefig(path, format="svg")
    return True


def _error(values: Sequence[float]) -> float:
    return 1.96 * stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description="Regret of dueling pairs against random pairs.")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--prompts", type=int, default=60)
    parser.add_argument("--models", default=",".join(MODEL_KINDS), help="linear, neural")
    parser.add_argument("--write", type=Path, help="a Markdown file whose section of duels is replaced, or added")
    parser.add_argument("--plot", type=Path, help="an SVG file, where matplotlib is installed")
    options = parser.parse_args()
    found = {
        name: [regrets(seed, kind, chosen=chosen, prompts=options.prompts) for seed in range(options.seeds)]
        for name, kind, chosen in WAYS
        if kind in options.models.split(",")
    }
    said = table(found, options.seeds, options.prompts)
    drawn = f"```text\n{text_plot(found)}\n```"
    print(f"{said}\n\n{drawn}")
    if options.plot is not None and not svg_plot(found, options.plot):
        print("matplotlib is not installed: no SVG")
    if options.write is not None:
        head = (
            "## Duels: regret with a simulated person\n\n`python -m maieutic.benchmarks.duels --write docs/results.md`"
        )
        part = f"{_BEGIN}\n{head}\n\n{said}\n\n{drawn}\n{_END}"
        text = options.write.read_text(encoding="utf-8")
        known = re.compile(f"{_BEGIN}.*?{_END}", re.DOTALL)
        text = known.sub(lambda _: part, text) if known.search(text) else f"{text.rstrip()}\n\n{part}\n"
        options.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
