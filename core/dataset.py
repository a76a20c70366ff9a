"""Examples and the splits they live in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .errors import TaskError
from .identity import content_id

Split = Literal["train", "val", "test", "target"]
SPLITS: tuple[Split, ...] = ("train", "val", "test", "target")


class Example(BaseModel):
    """One row: an input, and zero, one or many acceptable outputs.

    `id` is the hash of input and outputs unless the data brings its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = ""
    input: str | Mapping[str, Any]
    outputs: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _set_id(self) -> Self:
        if not self.id:
            object.__setattr__(self, "id", content_id("e", {"input": self.input, "outputs": list(self.outputs)}))
        return self

    @property
    def output(self) -> str | None:
        """The first acceptable output, the one a demo shows; None where the row is unlabelled."""
        return self.outputs[0] if self.outputs else None

    @property
    def text(self) -> str:
        """The input as one text; a mapping becomes `name: value` lines."""
        if isinstance(self.input, str):
            return self.input
        return "\n".join(f"{name}: {value}" for name, value in self.input.items())


class Dataset(BaseModel):
    """The splits of a task. Ids are unique over all of them.

    `test` is for the report alone: `visible` is what agents, operators, strategies and allocators get.
    """

    model_config = ConfigDict(frozen=True)

    train: tuple[Example, ...] = ()
    val: tuple[Example, ...] = ()
    test: tuple[Example, ...] = ()
    target: tuple[Example, ...] = ()

    @model_validator(mode="after")
    def _check_disjoint(self) -> Self:
        seen: dict[str, tuple[str, int]] = {}
        for split in SPLITS:
            for number, example in enumerate(self[split], 1):
                first = seen.setdefault(example.id, (split, number))
                if first != (split, number):
                    raise TaskError(
                        f"the same row stands twice: {example.text[:60]!r}",
                        where=f"{split} row {number} repeats {first[0]} row {first[1]} (id {example.id})",
                        remedy="remove one of them, or give the rows different ids",
                    )
        return self

    def __getitem__(self, split: Split) -> tuple[Example, ...]:
        rows: tuple[Example, ...] = getattr(self, split)
        return rows

    @property
    def visible(self) -> Dataset:
        return self.model_copy(update={"test": ()})

    def without_outputs(self, splits: Iterable[Split]) -> Dataset:
        """The same rows under the same ids, those of the splits without outputs."""
        return self.model_copy(
            update={split: tuple(row.model_copy(update={"outputs": ()}) for row in self[split]) for split in splits}
        )

    def by_id(self) -> dict[str, Example]:
        return {example.id: example for example in self.examples()}

    def examples(self) -> Iterator[Example]:
        for split in SPLITS:
            yield from self[split]

    @property
    def empty(self) -> bool:
        return not any(self[split] for split in SPLITS)

    @classmethod
    def split_by_hash(cls, rows: Iterable[Example]) -> Dataset:
        """One file becomes 30 % train, 35 % val, 35 % test, in the order of the rows' hashes.

        The order of the file has no say, so adding rows moves few of the others.
        """
        ordered = sorted(rows, key=lambda example: content_id("o", example.id))
        n = len(ordered)
        a, b = round(n * 0.30), round(n * 0.65)
        return cls(train=tuple(ordered[:a]), val=tuple(ordered[a:b]), test=tuple(ordered[b:]))
