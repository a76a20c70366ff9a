"""Regions of an input space: seeded k-means on TF-IDF vectors, with the number of groups chosen by silhouette."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from ...core.dataset import Example
from ...core.tfidf import SparseVector, TfidfSpace, centroid, cosine

# Spherical k-means on a few hundred short texts converges in fewer.
_MAX_ITERATIONS = 20
# The silhouette compares all pairs; 200 keep it below a second.
_MAX_EXAMPLES = 200


def cluster_regions(rows: Sequence[Example], *, most: int, least: int, rng: Random) -> dict[str, tuple[str, ...]]:
    """Region name → example ids, largest region first; one region if the inputs do not divide.

    Args:
        most: Regions at most.
        least: Examples in a region at least.
    """
    sample = list(rows) if len(rows) <= _MAX_EXAMPLES else rng.sample(list(rows), _MAX_EXAMPLES)
    groups = cluster_texts([row.text for row in sample], most=most, least=least, rng=rng)
    ordered = sorted(groups, key=lambda group: (-len(group), group))
    return {f"region-{n:02d}": tuple(sample[index].id for index in group) for n, group in enumerate(ordered, 1)}


def cluster_texts(texts: Sequence[str], *, most: int, least: int, rng: Random) -> list[list[int]]:
    """Indices of the texts in groups: of 2 to `most` groups, the number with the highest silhouette.

    One group where there are too few texts, or no division is better than none.
    """
    space = TfidfSpace(texts)
    vectors = [space.vector(text) for text in texts]
    alike = [[cosine(a, b) for b in vectors] for a in vectors]
    best, highest = [list(range(len(texts)))], -1.0
    for k in range(2, min(most, len(texts) // max(1, least)) + 1):
        groups = _k_means(vectors, k, least, rng)
        value = silhouette(alike, groups) if len(groups) > 1 else -1.0
        if value > highest:
            best, highest = groups, value
    return best


def silhouette(alike: Sequence[Sequence[float]], groups: Sequence[Sequence[int]]) -> float:
    """Mean silhouette coefficient (Rousseeuw 1987), in [-1, 1]."""
    values = []
    for group in groups:
        for index in group:
            own = [1 - alike[index][other] for other in group if other != index]
            if not own:
                values.append(0.0)
                continue
            near = sum(own) / len(own)
            next_one = min(sum(1 - alike[index][o] for o in other) / len(other) for other in groups if other != group)
            values.append((next_one - near) / (max(near, next_one) or 1.0))
    return sum(values) / len(values)


def _k_means(vectors: Sequence[SparseVector], k: int, least: int, rng: Random) -> list[list[int]]:
    """Spherical k-means from distant initial centroids; groups that end too small join their neighbors."""
    centres = _initial_centroids(vectors, k, rng)
    groups = _assign_to_nearest(vectors, centres)
    for _ in range(_MAX_ITERATIONS):
        centres = [centroid(vectors[index] for index in group) for group in groups if group]
        again = _assign_to_nearest(vectors, centres)
        if again == groups:
            break
        groups = again
    while len(groups) > 1 and min(map(len, groups)) < least:
        groups = sorted(groups, key=len)[1:]
        groups = _assign_to_nearest(vectors, [centroid(vectors[index] for index in group) for group in groups])
        groups = [group for group in groups if group]
    return [group for group in groups if group]


def _initial_centroids(vectors: Sequence[SparseVector], k: int, rng: Random) -> list[SparseVector]:
    """Each next centroid is drawn by its distance to the present ones (k-means++)."""
    chosen = [vectors[rng.randrange(len(vectors))]]
    while len(chosen) < k:
        far = [(1 - max(cosine(vector, other) for other in chosen)) ** 2 for vector in vectors]
        chosen.append(rng.choices(vectors, far)[0] if sum(far) > 0 else vectors[rng.randrange(len(vectors))])
    return chosen


def _assign_to_nearest(vectors: Sequence[SparseVector], centres: Sequence[SparseVector]) -> list[list[int]]:
    """Each vector to its nearest centroid; on ties to the one with the fewest so far."""
    groups: list[list[int]] = [[] for _ in centres]
    for index, vector in enumerate(vectors):
        order = ((-cosine(vector, centre), len(groups[at]), at) for at, centre in enumerate(centres))
        groups[min(order)[2]].append(index)
    return groups
