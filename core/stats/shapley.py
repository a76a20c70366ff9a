"""Shapley values of the parts of a whole, exact or from antithetic permutations. Pure and seeded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from random import Random

Coalition = frozenset[int]


def shapley_coalitions(parts: int, pairs: int, rng: Random) -> tuple[list[tuple[int, ...]], list[Coalition]]:
    """The orders to average over, and the coalitions that their marginal contributions need.

    Args:
        parts: The number of parts, 1 or more.
        pairs: Pairs of permutations, each with its reverse (Mitchell et al., arXiv 2104.12199). Where all 2^parts
            coalitions are no more than these need, the value is computed from all of them, and no order is returned.
        rng: Draws the permutations.

    Returns:
        The orders, empty for the exact value; and the coalitions, the empty one and the whole among them, each once.
    """
    if 2**parts <= coalition_count(parts, pairs):
        everything = range(parts)
        return [], [frozenset(chosen) for size in range(parts + 1) for chosen in combinations(everything, size)]
    orders = list[tuple[int, ...]]()
    for _ in range(pairs):
        order = list(range(parts))
        rng.shuffle(order)
        orders += [tuple(order), tuple(reversed(order))]
    grown = (frozenset(order[:size]) for order in orders for size in range(parts + 1))
    return orders, list(dict.fromkeys(grown))


def coalition_count(parts: int, pairs: int) -> int:
    """The most coalitions that so many pairs of permutations need, or all of them where those are fewer."""
    return min(1 << parts, 2 * pairs * (parts - 1) + 2)


def leave_one_out_coalitions(parts: int) -> list[Coalition]:
    """The whole without each part, in the order of the parts."""
    whole = frozenset(range(parts))
    return [whole - {part} for part in range(parts)]


def shapley_values(
    value: Mapping[Coalition, Sequence[float]], parts: int, orders: Sequence[Sequence[int]]
) -> list[list[float]]:
    """φ of each part on each example, from the values of coalitions on the same examples.

    φ_i = Σ over S without i of |S|! (m - |S| - 1)! / m! · (v(S ∪ {i}) - v(S)): the mean of i's marginal contributions
    over all orders (Shapley 1953), or over the given ones. On every example Σ_i φ_i = v(all) - v(none).

    Args:
        value: Coalition → one value per example.
        parts: The number of parts, m.
        orders: Permutations of the parts; empty for all of them.
    """
    examples = len(next(iter(value.values())))
    phi = [[0.0] * examples for _ in range(parts)]
    if orders:
        for order in orders:
            for size, part in enumerate(order):
                before = frozenset(order[:size])
                _add(phi[part], value[before | {part}], value[before], 1 / len(orders))
        return phi
    for before in value:
        size = len(before)
        weight = math.factorial(size) * math.factorial(parts - size - 1) / math.factorial(parts) if size < parts else 0
        for part in set(range(parts)) - before:
            _add(phi[part], value[before | {part}], value[before], weight)
    return phi


def _add(total: list[float], with_part: Sequence[float], without: Sequence[float], weight: float) -> None:
    for at, (higher, lower) in enumerate(zip(with_part, without, strict=True)):
        total[at] += weight * (higher - lower)
