"""Measures and perturbers: what they declare, what they return, and that the same gives the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, ClassVar

from ...agents.asks.replies import PromptReply, TextReply
from ...core.answer import AnswerContract
from ...core.asks import AgentReply, Ask
from ...core.dataset import Example
from ...core.errors import NeedsError
from ...core.identity import digest
from ...core.measures import ExampleVariant, MeasureSubject, PromptVariant, Reading
from ...core.models import ModelRef
from ...core.program import Program
from ...core.prompt import Demo, Prompt, Section
from ...core.search_types import TaskBrief
from ...plugins.system.hookspecs import Kind
from ...plugins.system.registry import Registry
from ..measure_bench import SimulatedBench
from .base import Conformance, run_with_timeout
from .operators import SilentTeam

_OPTIONS = "\nA. red\nB. blue\nC. green"


def sample_prompt() -> Prompt:
    """A prompt with every usual part."""
    return Prompt(
        instruction="Name the colour of the thing.\nAnswer with one word.",
        sections=(Section(name="Rules", text="Never guess. Be short."),),
        demos=(Demo(input="the sky", output="blue"), Demo(input="a rose", output="red")),
    )


def sample_examples(count: int = 12) -> tuple[Example, ...]:
    """Inputs with lettered options and one right letter."""
    return tuple(Example(input=f"thing number {n}{_OPTIONS}", outputs=("ABC"[n % 3],)) for n in range(count))


class MeasureConformance(Conformance):
    """Override `say` (what the team answers) and `subject` where the shipped samples do not fit.

    Attributes:
        perturbers: Name → factory of the perturbers of your own that the measure uses.
    """

    kind: ClassVar[Kind] = "measure"
    perturbers: ClassVar[Mapping[str, Callable[..., object]]] = {}

    def registry(self) -> Registry:
        """Where perturbers are looked up: the built-in ones, and your own."""
        registry = Registry.load(())
        for name, factory in self.perturbers.items():
            registry.register_object("perturber", name, factory)
        return registry

    def say(self, ask: Ask[Any]) -> AgentReply | None:
        text = f"Name the colour {digest(ask.model_dump(mode='json'))[:6]}."
        if ask.reply is PromptReply:
            return PromptReply(prompt=text)
        return TextReply(text=text) if ask.reply is TextReply else None

    def subject(self, examples: int = 12) -> MeasureSubject:
        return MeasureSubject(
            task=TaskBrief(
                name="kit", description="Name colours.", answer=AnswerContract(type="label", labels=("A", "B", "C"))
            ),
            program=Program.of(sample_prompt()),
            baseline=Program.of("Say a colour."),
            examples=sample_examples(examples),
            labels=("A", "B", "C"),
            model=ModelRef.parse("openai/kit"),
        )

    def score(self, program: Program, example: Example) -> float:
        """A fixed coin for each program and example."""
        return float(int(digest([program.id, example.text])[:8], 16) % 3 != 0)

    def _bench(self) -> SimulatedBench:
        return SimulatedBench(
            score=self.score,
            team=SilentTeam(self.say),
            registry=self.registry(),
            answer=lambda program, row: "ABC"[int(digest([program.id, row.text])[:8], 16) % 3],
            loss=lambda program, row, text: 0.1 + int(digest([program.id, row.text, text])[:8], 16) % 100 / 50,
        )

    def _read(self, bench: SimulatedBench) -> Reading:
        reading: Reading = run_with_timeout(self.make_guarded().measure(self.subject(), bench.open()))
        return reading

    def test_it_takes_no_more_than_it_declares(self) -> None:
        bench, declared = self._bench(), self.make().calls(self.subject())
        self._read(bench)
        assert bench.used.runs <= declared.runs
        assert bench.used.asks <= declared.asks
        assert bench.used.losses <= declared.losses

    def test_fewer_examples_take_no_more(self) -> None:
        measure, before = self.make(), None
        for count in (12, 6, 3, 1):
            try:
                declared = measure.calls(self.subject(count))
            except NeedsError:
                break
            if before is not None:
                assert declared.runs <= before.runs
                assert declared.asks <= before.asks
                assert declared.losses <= before.losses
            before = declared

    def test_the_same_subject_gives_the_same_reading(self) -> None:
        assert self._read(self._bench()) == self._read(self._bench())

    def test_it_declares_without_asking(self) -> None:
        measure = self.make()
        assert measure.calls(self.subject()) == measure.calls(self.subject())


class PromptPerturberConformance(Conformance):
    """Override `say` (what the team answers) and `prompt` where the shipped samples do not fit."""

    kind: ClassVar[Kind] = "perturber"

    def say(self, ask: Ask[Any]) -> AgentReply | None:
        return None

    def prompt(self) -> Prompt:
        return sample_prompt()

    def _vary(self, count: int) -> Sequence[PromptVariant]:
        team = SilentTeam(self.say)
        perturber = self.make_guarded()
        variants: Sequence[PromptVariant] = run_with_timeout(
            perturber.vary_prompt(self.prompt(), count, rng=Random(3), team=team)
        )
        assert len(team.asked) <= perturber.calls * count
        return variants

    def test_its_variants_differ_and_keep_the_fields(self) -> None:
        variants = self._vary(6)
        assert len({variant.prompt.id for variant in variants}) == len(variants)
        for variant in variants:
            assert variant.change
            assert set(variant.prompt.placeholders) == set(self.prompt().placeholders)

    def test_the_same_draws_give_the_same_variants(self) -> None:
        assert self._vary(4) == self._vary(4)


class ExamplePerturberConformance(Conformance):
    """Override `say` (what the team answers) and `example` where the shipped samples do not fit."""

    kind: ClassVar[Kind] = "perturber"

    def say(self, ask: Ask[Any]) -> AgentReply | None:
        return None

    def example(self) -> Example:
        return sample_examples(1)[0]

    def _vary(self, count: int) -> Sequence[ExampleVariant]:
        team = SilentTeam(self.say)
        perturber = self.make_guarded()
        variants: Sequence[ExampleVariant] = run_with_timeout(
            perturber.vary_example(self.example(), count, rng=Random(3), team=team)
        )
        assert len(team.asked) <= perturber.calls * count
        return variants

    def test_its_variants_differ_and_stay_labelled(self) -> None:
        variants = self._vary(3)
        assert len({variant.example.text for variant in variants}) == len(variants)
        for variant in variants:
            assert variant.change
            assert len(variant.example.outputs) == len(self.example().outputs)

    def test_the_same_draws_give_the_same_variants(self) -> None:
        assert self._vary(2) == self._vary(2)
