"""The task: what to optimize for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .answer import AnswerContract
from .dataset import SPLITS, Dataset, Example
from .errors import TaskError
from .models import EMBEDDED, ROLES, ModelRef, Role
from .program import Program
from .prompt import check_placeholders
from .render import template_values

TASK_FIELD = "task"
_ANSWER_TOKENS = {"label": 16, "choice": 16, "number": 64, "regex": 128, "json": 512, "tag": 512}


class EvaluatorSpec(BaseModel):
    """An evaluator by its registered name or as `module:function`, with its weight in the scalar and its options.

    direction `minimize` counts 1 - value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    use: str
    weight: float = Field(default=1.0, gt=0)
    direction: Literal["maximize", "minimize"] = "maximize"
    options: Mapping[str, Any] = Field(default_factory=dict)


class TargetSpec(BaseModel):
    """How a program is run: a target by its registered name or as `module:function`, with its options."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    use: str = "chat"
    options: Mapping[str, Any] = Field(default_factory=dict)


class Subtask(BaseModel):
    """One of several tasks in a run: what is its own. Its rows carry its name in their metadata under `task`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str = ""
    answer: AnswerContract = AnswerContract()
    evaluators: tuple[EvaluatorSpec, ...] = (EvaluatorSpec(use="exact"),)


class AdviceRule(BaseModel):
    """A person's rule: where a run shows what `when` says, in words or as /a pattern/, this is the advice."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    when: str = Field(min_length=1)
    advice: str = Field(min_length=1)


class Models(BaseModel):
    """Which model plays which role. `optimizer` plays every role but the target, unless `roles` names another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: ModelRef = ModelRef.parse(EMBEDDED)
    optimizer: ModelRef = ModelRef.parse(EMBEDDED)
    roles: Mapping[Role, ModelRef] = Field(default_factory=dict)

    def for_role(self, role: Role) -> ModelRef:
        if role == "target":
            return self.target
        return self.roles.get(role, self.optimizer)

    def by_name(self) -> dict[str, ModelRef]:
        return {str(ref): ref for ref in (self.for_role(role) for role in ROLES)}


class Constraints(BaseModel):
    """What holds for every candidate.

    max_prompt_tokens: of the rendered prompt without the input, estimated at 4 characters a token.
    max_answer_tokens: of the target's answer; None derives it from the contract and the references.
    temperature: of the target.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_prompt_tokens: int | None = Field(default=None, gt=0)
    max_answer_tokens: int | None = Field(default=None, gt=0)
    temperature: float = Field(default=0.0, ge=0, le=2)


class Task(BaseModel):
    """Description, program, data, evaluators, answer contract, models, constraints.

    subtasks: by name, where one run serves several tasks: `answer` and `evaluators` of each stand there, and those of
    the whole are all evaluators of any of them, and free text. `joined` makes such a task.
    From a file: `maieutic.runtime.tasks.loader.load_task`. From Python: `Task.create`. `check` validates the parts
    against each other and raises TaskError naming what, where and what to do.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    name: str
    description: str = ""
    program: Program
    target: TargetSpec = TargetSpec()
    data: Dataset = Dataset()
    evaluators: tuple[EvaluatorSpec, ...] = (EvaluatorSpec(use="exact"),)
    answer: AnswerContract = AnswerContract()
    subtasks: Mapping[str, Subtask] = Field(default_factory=dict)
    models: Models = Models()
    constraints: Constraints = Constraints()
    rules: tuple[AdviceRule, ...] = ()
    plugins: tuple[str, ...] = ()
    source: str = ""

    @model_validator(mode="after")
    def _check_name(self) -> Self:
        if not self.name.strip():
            raise TaskError("a task needs a name", where=self.where("name"), remedy='write name = "sentiment"')
        return self

    @classmethod
    def create(
        cls,
        prompt: str,
        *,
        train: Sequence[Mapping[str, Any] | Example],
        val: Sequence[Mapping[str, Any] | Example],
        test: Sequence[Mapping[str, Any] | Example] = (),
        target: Sequence[Mapping[str, Any] | Example] = (),
        name: str = "task",
        **fields: Any,
    ) -> Task:
        """A task from Python: rows as `{"input": …, "output": …}`, all other fields of Task by name.

        Where no row has an output and no evaluator is given, nothing scores: outputs can be compared only.
        """
        data = Dataset(
            train=_as_examples(train), val=_as_examples(val), test=_as_examples(test), target=_as_examples(target)
        )
        if not any(row.outputs for row in data.examples()):
            fields = {"evaluators": (), **fields}
        task = cls(name=name, program=Program.of(prompt), data=data, **fields).check()
        return task.model_copy(update={"data": _normalize_references(task.data, task.answer)})

    def where(self, field: str) -> str:
        return f"{self.source or 'task'}: {field}"

    def check(self) -> Self:
        """The parts against each other: splits filled, references readable, placeholders known."""
        for split in ("train", "val"):
            if not self.data[split]:
                raise TaskError(
                    f"the split {split} has no rows",
                    where=self.where(f"[data] {split}"),
                    possible=[name for name in SPLITS if self.data[name]],
                    remedy="give a file with at least 2 rows, or one file that is split by hash",
                )
        if len(self.data.val) < 2:
            raise TaskError(
                "one val row cannot tell two prompts apart",
                where=self.where("[data] val"),
                remedy="give at least 2 val rows, better 50 or more",
            )
        for split in SPLITS:
            for number, example in enumerate(self.data[split], 1):
                for reference in example.outputs:
                    if not self.answer_of(example).accepts(reference):
                        raise TaskError(
                            f"the reference {reference[:60]!r} is no answer under the contract "
                            f"{self.answer_of(example).type!r}",
                            where=self.where(f"[data] {split} row {number}"),
                            possible=self.answer_of(example).labels,
                            remedy="correct the row, or the [answer] table",
                        )
        for name, prompt in self.program.prompts.items():
            rows = [row for row in self.data.val if not self.program.by_task or name in self.program.prompts_for(row)]
            fields = frozenset(template_values(rows[0])) if rows else frozenset[str]()
            known = fields | (self.program.prompts.keys() - {name})
            check_placeholders(prompt, known, where=self.where(f"prompt {name!r}"))
        return self

    def subtask_of(self, example: Example) -> Subtask | None:
        """The task that a row belongs to, where there are several."""
        return self.subtasks.get(str(example.metadata.get(TASK_FIELD, "")))

    def answer_of(self, example: Example) -> AnswerContract:
        """What counts as an answer to a row."""
        own = self.subtask_of(example)
        return own.answer if own else self.answer

    def evaluators_of(self, example: Example) -> tuple[EvaluatorSpec, ...]:
        """Those of `evaluators` that score a row."""
        own = self.subtask_of(example)
        return own.evaluators if own else self.evaluators

    @property
    def answer_tokens(self) -> int:
        """The limit on an answer's length: declared, or by contract, or room for four times the longest reference."""
        if self.constraints.max_answer_tokens:
            return self.constraints.max_answer_tokens
        contracts = [one.answer for one in self.subtasks.values()] or [self.answer]
        if all(one.type in _ANSWER_TOKENS for one in contracts):
            return max(_ANSWER_TOKENS[one.type] for one in contracts)
        shown = [*self.data.train, *self.data.val]
        words = max((len(out.split()) for example in shown for out in example.outputs), default=64)
        return min(512, 12 + 4 * words)

    @property
    def without_test(self) -> Task:
        """The task without its test rows: what everything but the report works with."""
        return self.model_copy(update={"data": self.data.visible})


def _normalize_references(data: Dataset, contract: AnswerContract) -> Dataset:
    """The data with its references written as the contract writes answers, so that `1,000` equals `1000`."""
    return Dataset(
        **{
            split: tuple(
                one.model_copy(update={"outputs": tuple(contract.normalize_reference(text) for text in one.outputs)})
                for one in data[split]
            )
            for split in SPLITS
        }
    )


def _as_examples(rows: Sequence[Mapping[str, Any] | Example]) -> tuple[Example, ...]:
    return tuple(row if isinstance(row, Example) else _as_example(row, number) for number, row in enumerate(rows, 1))


def _as_example(row: Mapping[str, Any], number: int) -> Example:
    if "input" not in row:
        raise TaskError("a row needs an input", where=f"row {number}", possible=sorted(row))
    output = row.get("output", ())
    outputs = (output,) if isinstance(output, str) else tuple(str(one) for one in output)
    return Example(id=str(row.get("id", "")), input=row["input"], outputs=outputs)
