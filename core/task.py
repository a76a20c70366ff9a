"""The task: what to optimize for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from .answer import AnswerContract
from .dataset import SPLITS, Dataset, Example
from .error_messages import validation_location, validation_message
from .errors import TaskError
from .frozen import FrozenDict, FrozenMapping
from .models import EMBEDDED, ROLES, ModelRef, Role
from .program import Program
from .prompt import Prompt, check_placeholders
from .render import template_values
from .words import length_in_words

TASK_FIELD = "task"
# Enough for the longest answer of each type with some words around it. For text, the references decide instead.
_ANSWER_TOKENS = {"label": 16, "choice": 16, "number": 64, "regex": 128, "json": 512, "tag": 512}
# Without references, an answer is assumed to have at most so many words.
_DEFAULT_ANSWER_WORDS = 64


class EvaluatorSpec(BaseModel):
    """An evaluator of a task.

    Attributes:
        use: Its registered name, or `module:function`.
        weight: Its weight in the score.
        direction: `minimize` counts 1 - value.
        options: The options of its constructor.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    use: str
    weight: float = Field(default=1.0, gt=0)
    direction: Literal["maximize", "minimize"] = "maximize"
    options: FrozenMapping[str, Any] = Field(default_factory=FrozenDict)

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        """A name in place of a table; a function cannot be written into a task."""
        if callable(value):
            raise TaskError(
                f"a task holds the names of its evaluators, not the function {getattr(value, '__name__', value)!r:.60}",
                where="evaluators",
                possible=('"exact"', '"metrics.py:my_function"', "an EvaluatorSpec"),
                remedy="give the function to the run: optimize(task, metric=my_function)",
            )
        return {"use": value} if isinstance(value, str) else value


class TargetSpec(BaseModel):
    """How a program is run: a target by its registered name or as `module:function`, with its options."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    use: str = "chat"
    options: FrozenMapping[str, Any] = Field(default_factory=FrozenDict)


class Subtask(BaseModel):
    """What is specific to one of several tasks in a run. Its examples name it in their metadata, under `task`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str = ""
    answer: AnswerContract = AnswerContract()
    evaluators: tuple[EvaluatorSpec, ...] = (EvaluatorSpec(use="exact"),)


class AdviceRule(BaseModel):
    """A person's rule: if a run matches `when`, in words or as /a pattern/, `advice` applies."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    when: str = Field(min_length=1)
    advice: str = Field(min_length=1)


class Models(BaseModel):
    """The model of each role.

    Attributes:
        target: The model whose prompt is optimized.
        optimizer: The model of every other role, unless `roles` names another.
        roles: Role → model.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: ModelRef = ModelRef.parse(EMBEDDED)
    optimizer: ModelRef = ModelRef.parse(EMBEDDED)
    roles: Mapping[Role, ModelRef] = Field(default_factory=dict)

    def for_role(self, role: Role) -> ModelRef:
        if role == "target":
            return self.target
        return self.roles.get(role, self.optimizer)

    def by_name(self) -> dict[str, ModelRef]:
        """Every model in use, once."""
        return {str(ref): ref for ref in (self.for_role(role) for role in ROLES)}

    # Former names, for existing plugins.
    of = for_role
    distinct = by_name


class Constraints(BaseModel):
    """What holds for every candidate.

    Attributes:
        max_prompt_tokens: The limit on the rendered prompt without the input, estimated at 4 characters a token.
        max_answer_tokens: The limit on the target's answer; None derives it from the contract and the references.
        temperature: The target's temperature.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_prompt_tokens: int | None = Field(default=None, gt=0)
    max_answer_tokens: int | None = Field(default=None, gt=0)
    temperature: float = Field(default=0.0, ge=0, le=2)


class Task(BaseModel):
    """What to optimize for. `maieutic.load_task` reads one from a file, `Task.create` makes one in Python.

    Attributes:
        name: The task's name.
        description: The task in words, for optimizer models and judges.
        program: The prompts to start from.
        target: What runs a program.
        data: The examples.
        evaluators: What scores an output; several are averaged by weight.
        answer: What counts as an answer.
        subtasks: Name → what is specific to it, if one run serves several tasks. `evaluators` are then those of any of
            them, and `answer` is free text. `core.multitask.join_tasks` makes such a task.
        models: The model of each role.
        constraints: What holds for every candidate.
        rules: Advice of people.
        plugins: Files with plugins of the task's own.
        data_notes: How its data were read, and what of them is not used; for the report.
        source: The file that it was read from.
        trusted: Whether the caller agreed that it runs its code and uses its hosts. Not stored.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    name: str
    description: str = ""
    program: Program
    target: TargetSpec = TargetSpec()
    data: Dataset = Dataset()
    evaluators: tuple[EvaluatorSpec, ...] = (EvaluatorSpec(use="exact"),)
    answer: AnswerContract = AnswerContract()
    subtasks: FrozenMapping[str, Subtask] = Field(default_factory=FrozenDict)
    models: Models = Models()
    constraints: Constraints = Constraints()
    rules: tuple[AdviceRule, ...] = ()
    plugins: tuple[str, ...] = ()
    data_notes: tuple[str, ...] = ()
    source: str = ""
    trusted: bool = Field(default=False, exclude=True, repr=False)

    @field_validator("models", mode="before")
    @classmethod
    def _default_optimizer(cls, value: Any) -> Any:
        """In a table that names the target alone, it is the optimizer too, as in a task file."""
        if isinstance(value, Mapping) and "target" in value:
            return {"optimizer": value["target"], **value}
        return value

    @model_validator(mode="after")
    def _check_name(self) -> Self:
        if not self.name.strip():
            raise TaskError("a task needs a name", where=self.where("name"), remedy='write name = "sentiment"')
        return self

    @classmethod
    def create(
        cls,
        prompt: Prompt | str,
        *,
        train: Sequence[Mapping[str, Any] | Example],
        val: Sequence[Mapping[str, Any] | Example],
        test: Sequence[Mapping[str, Any] | Example] = (),
        target: Sequence[Mapping[str, Any] | Example] = (),
        name: str = "task",
        **fields: Any,
    ) -> Task:
        """Make a task in Python.

        Args:
            prompt: The prompt to start from.
            train: Examples that operators may show, as `{"input": …, "output": …}`.
            val: Examples that candidates are compared on.
            test: The held-out test.
            target: Unlabelled examples from where the prompt will be used.
            name: The task's name.
            fields: All other fields of `Task`.

        Returns:
            The task. If no example has an output and no evaluator is given, nothing scores, and outputs can only be
            compared.

        Raises:
            TaskError: The parts do not fit together.
        """
        data = Dataset(
            train=_as_examples(train), val=_as_examples(val), test=_as_examples(test), target=_as_examples(target)
        )
        if not any(example.outputs for example in data.examples()):
            fields = {"evaluators": (), **fields}
        try:
            task = cls(name=name, program=Program.of(prompt), data=data, **fields).check()
        except ValidationError as error:
            message, possible = validation_message(error)
            raise TaskError(
                f"{validation_location(error)} {message}",
                where=f"Task.create({validation_location(error).partition('.')[0]}=…)",
                possible=possible,
                remedy="correct the value",
            ) from error
        return task.model_copy(update={"data": _normalize_references(task.data, task.answer)})

    def where(self, field: str) -> str:
        """The place of a field, for error messages."""
        return f"{self.source or 'task'}: {field}"

    def check(self) -> Self:
        """Check the parts against each other: splits filled, references readable, placeholders known.

        Raises:
            TaskError: Names what is wrong, where, and what to do.
        """
        self._check_splits()
        self._check_references()
        for name, prompt in self.program.prompts.items():
            examples = [
                row for row in self.data.val if not self.program.by_task or name in self.program.prompts_for(row)
            ]
            fields = frozenset(template_values(examples[0])) if examples else frozenset[str]()
            others = self.program.prompts.keys() - {name}
            check_placeholders(prompt, fields | others, where=self.where(f"prompt {name!r}"))
        return self

    def _check_splits(self) -> None:
        for split in ("train", "val"):
            if not self.data[split]:
                raise TaskError(
                    f"the split {split} has no examples",
                    where=self.where(f"[data] {split}"),
                    possible=[name for name in SPLITS if self.data[name]],
                    remedy="give a file with at least 2 examples, or one file that is split by hash",
                )
        if len(self.data.val) < 2:
            raise TaskError(
                "one val example cannot tell two prompts apart",
                where=self.where("[data] val"),
                remedy="give at least 2 val examples, better 50 or more",
            )

    def _check_references(self) -> None:
        for split in SPLITS:
            for number, example in enumerate(self.data[split], 1):
                contract = self.answer_of(example)
                for reference in example.outputs:
                    if not contract.accepts(reference):
                        raise TaskError(
                            f"the reference {reference[:60]!r} is no answer under the contract {contract.type!r}",
                            where=self.where(f"[data] {split} row {number}"),
                            possible=contract.labels,
                            remedy="correct the example, or the [answer] table",
                        )

    def subtask_of(self, example: Example) -> Subtask | None:
        """The task that an example belongs to, if there are several."""
        return self.subtasks.get(str(example.metadata.get(TASK_FIELD, "")))

    def answer_of(self, example: Example) -> AnswerContract:
        """What counts as an answer to an example."""
        subtask = self.subtask_of(example)
        return subtask.answer if subtask else self.answer

    def evaluators_of(self, example: Example) -> tuple[EvaluatorSpec, ...]:
        """The evaluators that score an example."""
        subtask = self.subtask_of(example)
        return subtask.evaluators if subtask else self.evaluators

    @property
    def answer_tokens(self) -> int:
        """The limit on an answer's length: declared, or by contract, or four times the longest reference."""
        if self.constraints.max_answer_tokens:
            return self.constraints.max_answer_tokens
        contracts = [subtask.answer for subtask in self.subtasks.values()] or [self.answer]
        if all(contract.type in _ANSWER_TOKENS for contract in contracts):
            return max(_ANSWER_TOKENS[contract.type] for contract in contracts)
        references = [output for example in (*self.data.train, *self.data.val) for output in example.outputs]
        words = max((length_in_words(output) for output in references), default=_DEFAULT_ANSWER_WORDS)
        return min(512, 12 + 4 * words)

    @property
    def without_test(self) -> Task:
        """The task without its held-out test: what everything but the report works with."""
        return self.model_copy(update={"data": self.data.without_test})

    visible = without_test  # The former name, for existing plugins.


def _normalize_references(data: Dataset, contract: AnswerContract) -> Dataset:
    """Write references as the contract writes answers, so that `1,000` equals `1000`."""
    return Dataset(
        **{
            split: tuple(
                example.model_copy(update={"outputs": tuple(map(contract.normalize_reference, example.outputs))})
                for example in data[split]
            )
            for split in SPLITS
        }
    )


def _as_examples(rows: Sequence[Mapping[str, Any] | Example]) -> tuple[Example, ...]:
    return tuple(row if isinstance(row, Example) else _as_example(row, number) for number, row in enumerate(rows, 1))


def _as_example(row: Mapping[str, Any], number: int) -> Example:
    if not isinstance(row, Mapping):
        raise TaskError(
            f"an example is a dict, not {row!r:.60}",
            where=f"row {number}",
            possible=('{"input": …, "output": …}', "an Example"),
            remedy="tuples, data frames and data sets are read by optimize(prompt=…, train=…)",
        )
    if "input" not in row:
        raise TaskError("an example needs an input", where=f"row {number}", possible=sorted(row))
    output = row.get("output")
    if isinstance(output, bool | int | float):
        output = json.dumps(output)
    listed = () if output is None else (output,) if isinstance(output, str) else output
    outputs = tuple(str(reference) for reference in listed)
    return Example(id=str(row.get("id", "")), input=row["input"], outputs=outputs)
