"""Examples and the splits that they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from .conversation import MESSAGES, conversation_as_text, conversation_of, is_chat
from .errors import TaskError
from .frozen import FrozenDict, FrozenMapping
from .identity import content_id
from .images import field_images, image_mark
from .messages import Message

Split = Literal["train", "val", "test", "target"]
SPLITS: tuple[Split, ...] = ("train", "val", "test", "target")
SCORED_SPLITS: tuple[Split, ...] = ("train", "val", "test")


class Example(BaseModel):
    """An input with no, one or several acceptable outputs.

    Attributes:
        id: The hash of input and outputs, unless the data bring their own.
        input: A text, or a mapping of named fields. A list of chat messages becomes the field `messages`.
        outputs: The references.
        metadata: Other fields of the data.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = ""
    input: str | FrozenMapping[str, Any]
    outputs: tuple[str, ...] = ()
    metadata: FrozenMapping[str, Any] = Field(default_factory=FrozenDict)

    @field_validator("input", mode="before")
    @classmethod
    def _as_field(cls, value: Any) -> Any:
        return {MESSAGES: list(value)} if is_chat(value) else value

    @model_validator(mode="after")
    def _set_id(self) -> Self:
        if not self.id:
            object.__setattr__(self, "id", content_id("e", {"input": self.input, "outputs": list(self.outputs)}))
        return self

    @property
    def output(self) -> str | None:
        """The first reference, which demos show; None if the example is unlabelled."""
        return self.outputs[0] if self.outputs else None

    @property
    def text(self) -> str:
        """The input as one text; a mapping becomes `name: value` lines, an image a mark with its field's name."""
        images = field_images(self.input)
        if isinstance(self.input, str):
            return image_mark("input") if images else self.input
        conversation = self.conversation
        lines = [
            f"{name}: {image_mark(name) if name in images else value}"
            for name, value in self.input.items()
            if name != MESSAGES or not conversation
        ]
        return "\n".join([*lines, *([conversation_as_text(conversation)] if conversation else [])])

    @property
    def conversation(self) -> tuple[Message, ...]:
        """The chat messages of an input that is a conversation, with their roles; empty for another."""
        return conversation_of(self.input)

    @property
    def images(self) -> tuple[str, ...]:
        """The addresses of the input's images, in the order of its fields."""
        return tuple(field_images(self.input).values())


class Dataset(BaseModel):
    """The splits of a task. Ids are unique over all of them.

    Attributes:
        train: Examples that operators may show and learn from.
        val: Examples that candidates are compared on.
        test: The held-out test, for the report only. `without_test` is the dataset without it.
        target: Unlabelled examples from where the prompt will be used.
    """

    model_config = ConfigDict(frozen=True)

    train: tuple[Example, ...] = ()
    val: tuple[Example, ...] = ()
    test: tuple[Example, ...] = ()
    target: tuple[Example, ...] = ()

    @model_validator(mode="after")
    def _check_disjoint(self) -> Self:
        positions: dict[str, tuple[str, int]] = {}
        for split in SPLITS:
            for number, example in enumerate(self[split], 1):
                first = positions.setdefault(example.id, (split, number))
                if first != (split, number):
                    raise TaskError(
                        f"the same example occurs twice: {example.text[:60]!r}",
                        where=f"{split} row {number} repeats {first[0]} row {first[1]} (id {example.id})",
                        remedy="remove one of them, or give them different ids",
                    )
        return self

    def __getitem__(self, split: Split) -> tuple[Example, ...]:
        examples: tuple[Example, ...] = getattr(self, split)
        return examples

    @property
    def without_test(self) -> Dataset:
        """The dataset without the held-out test: what agents, operators, strategies and allocators get."""
        return self.model_copy(update={"test": ()})

    def without_outputs(self, splits: Iterable[Split]) -> Dataset:
        """The same examples under the same ids, those of the given splits without references."""
        return self.model_copy(
            update={
                split: tuple(example.model_copy(update={"outputs": ()}) for example in self[split]) for split in splits
            }
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
    def split_by_hash(cls, examples: Iterable[Example], *, held_out: bool = True) -> Dataset:
        """Split one list into 30 % train, 35 % val and 35 % test, in the order of the ids' hashes.

        The order of the list does not matter, so adding examples moves few of the others. Without `held_out` there is
        no test, and train and val have the same ratio.
        """
        ordered = sorted(examples, key=lambda example: content_id("o", example.id))
        n = len(ordered)
        a, b = (round(n * 0.30), round(n * 0.65)) if held_out else (round(n * 0.30 / 0.65), n)
        return cls(train=tuple(ordered[:a]), val=tuple(ordered[a:b]), test=tuple(ordered[b:]))

    # Former names, for existing plugins.
    visible = without_test
    hiding = without_outputs
    index = by_id
    rows = examples
