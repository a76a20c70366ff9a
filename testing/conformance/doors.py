"""Targets, loaders, exporters, recipes, executors, agents, observers: the doors in and out."""

from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, get_args

from ...core.answer import AnswerContract
from ...core.candidate import Candidate
from ...core.dialogue import AskQuestions, QuestionsReply
from ...core.errors import MaieuticError, ModelError
from ...core.events import Event, EventKind
from ...core.example import Example
from ...core.models import ModelRef, Output
from ...core.observing import Closing
from ...core.program import Program
from ...core.recipe import Recipe, Use
from ...core.work import Done, Job, Work
from ...plugins.hookspecs import Kind
from ...runtime.rows import Row
from ..gateway import ScriptedGateway
from ..models import ScriptedModel
from .operators import Mute
from .rule import Conformance, finished

MODEL = ModelRef.parse("openai/kit")


class TargetConformance(Conformance):
    """Override `program` and `example` where your target wants others."""

    kind: ClassVar[Kind] = "target"

    def program(self) -> Program:
        return Program.of("Say the colour.")

    def example(self) -> Example:
        return Example(input="rose", outputs=("red",))

    def _run(self, gateway: Any) -> Output:
        made: Output = finished(self.make().run(self.program(), self.example(), MODEL, gateway))
        return made

    def test_it_gives_an_output_within_its_declared_calls_and_charges_the_target(self) -> None:
        gateway = ScriptedGateway(ScriptedModel({}, otherwise="red"))
        assert isinstance(self._run(gateway), Output)
        assert len(gateway.calls) <= self.make().calls(self.program())
        assert {payer for _, payer in gateway.calls} <= {"target"}
        assert self.make().calls(self.program()) >= 1

    def test_an_empty_answer_is_an_output(self) -> None:
        assert isinstance(self._run(ScriptedGateway(ScriptedModel({}, otherwise=""))), Output)

    def test_the_same_input_asks_the_same(self) -> None:
        first, second = (ScriptedGateway(ScriptedModel({}, otherwise="red")) for _ in range(2))
        assert self._run(first) == self._run(second)
        assert first.calls == second.calls

    def test_a_dead_endpoint_is_an_error_and_never_an_answer(self) -> None:
        class Dead(ScriptedGateway):
            async def complete(self, call: Any, payer: Any) -> Any:
                self.calls.append((call, payer))
                raise ModelError("nobody answers")

        gateway = Dead(ScriptedModel({}))
        try:
            self._run(gateway)
        except ModelError:
            return
        assert not gateway.calls, "it asked a dead endpoint and gave an output"


class LoaderConformance(Conformance):
    """Override `write`: put a source of three rows into a folder, and give its name and the rows' fields."""

    kind: ClassVar[Kind] = "loader"

    def write(self, folder: Path) -> tuple[str, list[dict[str, Any]]]:
        raise NotImplementedError("write has to put a source with rows into the folder")

    def test_rows_come_in_order_with_their_places_and_twice_the_same(self) -> None:
        with TemporaryDirectory() as name:
            source, wanted = self.write(Path(name))
            rows = self.make().read(source, Path(name))
            assert all(isinstance(row, Row) and row.where for row in rows)
            assert [dict(row.fields) for row in rows] == wanted
            assert len({row.where for row in rows}) == len(rows)
            assert self.make().read(source, Path(name)) == rows

    def test_a_source_that_is_not_there_is_an_error_that_says_so(self) -> None:
        with TemporaryDirectory() as name:
            try:
                self.make().read("missing.nothing", Path(name))
            except MaieuticError as error:
                said = str(error)
            else:
                said = "it gave rows"
        assert "missing" in said


class ExporterConformance(Conformance):
    kind: ClassVar[Kind] = "exporter"

    def test_the_same_program_gives_the_same_text_with_its_words(self) -> None:
        program = Program.of("Say the colour of the flower.")
        text = self.make().export(program, "kit", None)
        assert text == self.make().export(program, "kit", None)
        assert "Say the colour of the flower." in text
        assert self.make().suffix.startswith(".")


class RecipeConformance(Conformance):
    kind: ClassVar[Kind] = "recipe"

    def test_it_is_a_recipe_whose_json_says_all(self) -> None:
        made = self.make()
        recipe = made if isinstance(made, Recipe) else Recipe.model_validate(tomllib.loads(made))
        assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
        assert recipe.summary


class ExecutorConformance(Conformance):
    """It may start workers of its own; the kit closes it."""

    kind: ClassVar[Kind] = "executor"

    def _run(self, count: int) -> tuple[list[Done], ScriptedGateway]:
        from ...plugins.executors.workbench import carry_out

        gateway = ScriptedGateway(ScriptedModel({"rose": "red"}, otherwise="blue"))

        def job(n: int) -> Job:
            work = Work(
                program=Program.of("Say red or blue."),
                example=Example(input=("rose", "sky")[n % 2] + f" {n}", outputs=("red",)),
                model=MODEL,
                answer=AnswerContract(),
                target=Use(use="chat"),
                evaluators={"exact": Use(use="exact")},
            )
            return Job(work=work, here=lambda: carry_out(work, gateway))

        async def all_of_them() -> list[Done]:
            one = self.make()
            try:
                return list(await asyncio.gather(*(one.run(job(n), gateway) for n in range(count))))
            finally:
                await one.aclose()
                await one.aclose()

        return finished(all_of_them()), gateway

    def test_many_jobs_at_once_give_each_its_own_result_through_the_gateway(self) -> None:
        done, gateway = self._run(6)
        assert [one.output.text for one in done] == ["red", "blue"] * 3
        assert [one.scores["exact"].value for one in done] == [1.0, 0.0] * 3
        assert len(gateway.calls) == 6


class AgentConformance(Conformance):
    """Override `ask` and `reply` where your agent stands for another question than the teacher's."""

    kind: ClassVar[Kind] = "agent"

    def ask(self) -> Any:
        return AskQuestions(task="colours", prompt="Say red or blue.", step="be short")

    def reply(self) -> Any:
        return QuestionsReply(questions=("What is asked?",))

    def test_it_answers_in_the_ask_s_own_type_within_its_calls(self) -> None:
        team = Mute(lambda ask: self.reply())
        answer = finished(self.make().act(self.ask(), team))
        assert answer is None or isinstance(answer, self.ask().reply)
        assert 2 * len(team.asked) <= self.make().calls

    def test_a_team_that_cannot_be_read_gives_no_error(self) -> None:
        answer = finished(self.make().act(self.ask(), Mute()))
        assert answer is None or isinstance(answer, self.ask().reply)


class ObserverConformance(Conformance):
    """It is told of runs that never were; give it a place where that does no harm."""

    kind: ClassVar[Kind] = "observer"

    def _log(self, run: str) -> list[Event]:
        """One event of every kind, the way a sparing node tells it."""
        kinds: list[EventKind] = list(get_args(EventKind))
        when = "2026-01-01T00:00:00+00:00"
        return [
            Event(run=run, kind=kind, key=f"0:{kind}", number=at, at=when, data={"ledger": {"target_calls": at}})
            for at, kind in enumerate(kinds, 1)
        ]

    def _closing(self, run: str, state: Any) -> Closing:
        program = Program.of("Say the colour.")
        return Closing(run=run, state=state, candidates=(Candidate(id="c-1", program=program, operator="start"),))

    def test_it_hears_every_kind_of_event_and_the_end(self) -> None:
        async def all_of_it() -> None:
            made = self.make()
            for event in self._log("kit-1"):
                await made.hear(event)
            await made.end(self._closing("kit-1", "finished"))

        finished(all_of_it())

    def test_a_run_that_is_taken_up_is_heard_from_its_first_event_by_the_same_and_by_another(self) -> None:
        async def all_of_it() -> None:
            first = self.make()
            for made, heard, state in ((first, 3, "running"), (first, 5, "stopped"), (self.make(), 9, "failed")):
                for event in self._log("kit-2")[:heard]:
                    await made.hear(event)
                await made.end(self._closing("kit-2", state))

        finished(all_of_it())

    def test_two_runs_at_once_are_two(self) -> None:
        async def all_of_it() -> None:
            made = self.make()
            for pair in zip(self._log("kit-3"), self._log("kit-4"), strict=True):
                for event in pair:
                    await made.hear(event)
            for run in ("kit-3", "kit-4"):
                await made.end(self._closing(run, "finished"))

        finished(all_of_it())
