"""The values of the report document, from which every renderer reads."""

from dataclasses import replace

import pytest
from maieutic.core.candidate import Candidate
from maieutic.core.identity import digest
from maieutic.core.measures import Figure, Reading
from maieutic.core.models import ModelRef
from maieutic.core.program import Program
from maieutic.core.prompt import Prompt
from maieutic.core.report import PromptScore, PromptTexts, Report, Winner
from maieutic.core.stats.win_rate import WinRate
from maieutic.runtime.reports.document import LeaderStep
from maieutic.runtime.reports.document_builder import build_document
from maieutic.runtime.reports.measure_lines import measure_line
from maieutic.runtime.reports.prompt_changes import compare_programs
from maieutic.runtime.reports.run_facts import RunFacts
from maieutic.runtime.store import MeasureRecord


def test_the_claim_is_a_sentence_with_its_interval(measured: Report) -> None:
    document = build_document(measured)
    assert document.headline == (
        "The best prompt scores 12.0 points more than the start on 100 held-out test examples "
        "(95 % interval +3.0 to +21.0)."
    )
    assert [(bar.label, bar.score, bar.low, bar.high, bar.n) for bar in document.scores] == [
        ("start", 0.61, 0.51, 0.7, 100),
        ("best", 0.73, 0.63, 0.81, 100),
    ]
    assert document.noise == 0.04


@pytest.mark.parametrize(
    ("verdict", "split", "text"),
    [
        ("worse", "test", "The best prompt scores 12.0 points less than the start on 100 held-out test examples"),
        ("no evidence of improvement", "test", "No gain is proved: +12.0 points on 100 held-out test examples"),
        ("no evidence of improvement", "val", "Nothing is claimed without a held-out test: +12.0 points on 100 val"),
    ],
)
def test_each_verdict_has_its_sentence(measured: Report, verdict: str, split: str, text: str) -> None:
    report = measured.model_copy(update={"verdict": verdict, "split": split})
    assert build_document(report).headline.startswith(text)


def test_what_was_not_measured_is_not_shown(measured: Report) -> None:
    empty = {"start": PromptScore(score=None, n=0), "best": Winner(score=None, n=0, candidate="c-7"), "rows": ()}
    document = build_document(measured.model_copy(update=empty))
    assert document.headline == "Nothing was measured for both prompts, so nothing is claimed."
    assert (document.scores, document.gain, document.noise, document.examples) == ((), None, None, ())


def test_a_prompt_that_stayed_the_same_has_a_score_and_no_gain(measured: Report) -> None:
    same = measured.model_copy(update={"prompt": PromptTexts(start="a", best="a")})
    document = build_document(same)
    assert document.headline == "No better prompt was found; the start scores 0.61 on 100 held-out test examples."
    assert [bar.label for bar in document.scores] == ["start"]
    assert (document.gain, document.noise, document.shares) == (None, None, "")


def test_a_judged_run_has_a_share_of_preferences_and_no_score(measured: Report) -> None:
    rate = WinRate(judge="panel", rate=0.7, low=0.55, high=0.82, wins=14, ties=0, losses=6, n=20)
    document = build_document(measured.model_copy(update={"preference": rate}))
    assert document.headline == (
        "The best prompt's outputs are better: panel prefers them on 70 % of 20 held-out test examples "
        "(95 % interval 55 to 82 %; 50 % is no difference)."
    )
    assert [(bar.score, bar.low, bar.high, bar.n) for bar in document.scores] == [(0.7, 0.55, 0.82, 20)]
    assert document.gain is None


def test_every_example_has_both_outputs_and_its_flip(measured: Report, facts: RunFacts) -> None:
    document = build_document(measured, facts)
    assert [(row.id, row.start_score, row.best_score, row.flip) for row in document.examples] == [
        ("e-0", 0.0, 1.0, "better"),
        ("e-1", 1.0, 0.0, "worse"),
        ("e-2", 1.0, 1.0, "same"),
        ("e-3", 0.0, 0.0, "same"),
    ]
    assert document.examples[0].start_output == "bad"
    assert document.examples[2].input == "很好的电影"
    assert document.examples[2].references == ("good",)
    assert document.examples[3].start_failure == "unreadable"
    assert document.flips == {"better": 1, "worse": 1, "same": 2, "not scored": 0}


def test_a_use_costs_what_its_texts_and_the_price_say(measured: Report, facts: RunFacts) -> None:
    tokens, dollars = build_document(measured, facts).costs
    prompt, answer = (float(part.split()[0]) for part in tokens.start.partition("(")[2].split(", "))
    assert dollars.label == "1,000 uses"
    assert float(dollars.start.removeprefix("$")) == pytest.approx((2 * prompt + 10 * answer) / 1000, rel=0.15)
    longer = float(dollars.best.removeprefix("$"))
    assert longer > float(dollars.start.removeprefix("$"))


def test_without_a_price_a_use_is_unknown_and_a_local_model_is_free(measured: Report, facts: RunFacts) -> None:
    def cost(target: str) -> str:
        models = facts.task.models.model_copy(update={"target": ModelRef.parse(target)})
        task = facts.task.model_copy(update={"models": models})
        return build_document(measured, replace(facts, task=task)).costs[1].best

    assert cost("openai/gpt-4o-mini@http://127.0.0.1:8000/v1") == "unknown"
    assert cost("local/smollm2") == "free (local)"
    assert cost("openai/gpt-4o-mini").startswith("$")


def test_spending_has_every_role_and_no_invented_price(measured: Report, facts: RunFacts) -> None:
    rows = build_document(measured, facts).spending
    assert [(row.role, row.model, row.calls, row.tokens, row.usd) for row in rows] == [
        ("target", "openai/gpt", 1000, 50_000, "$0.1000"),
        ("critic", "openai/author", 34, 6000, "unknown"),
    ]


def test_setup_names_data_by_their_hash_and_models_without_their_keys(measured: Report, facts: RunFacts) -> None:
    document = build_document(measured, facts)
    assert [(split.split, split.count) for split in document.splits] == [("train", 1), ("val", 3), ("test", 4)]
    assert document.splits[2].sha256 == digest([example.model_dump(mode="json") for example in facts.examples["test"]])
    assert {fact.label: fact.value for fact in document.facts}["Metric"] == "exact"
    assert {fact.label: fact.value for fact in document.facts}["Maieutic"] == "1.2.3"
    assert [model.model for model in document.models] == ["openai/gpt", "openai/author at host.example"]
    assert "s3cret" not in repr(document)


def test_the_command_that_does_it_again_is_one_that_a_shell_takes(measured: Report, facts: RunFacts) -> None:
    first, *fetch = build_document(measured, facts).reproduce
    assert first == (
        "maieutic optimize 'my tasks/task.toml' --recipe mars --seed 3 --calls 1200 --target openai/gpt "
        "--set beam.width=8"
    )
    assert fetch[0] == "maieutic report r-1 --format html --output report.html"


def test_the_tree_has_each_candidate_under_its_parent(measured: Report, facts: RunFacts) -> None:
    history = build_document(measured, facts).history
    assert [(row.id, row.depth, row.in_line, row.n) for row in history.lineage] == [
        ("c-0", 0, True, 4),
        ("c-1", 1, True, 4),
        ("c-7", 2, True, 4),
        ("c-2", 1, False, 0),
    ]
    assert history.lineage[2].score == 0.75
    assert history.lineage[3].score is None


def test_a_long_tree_keeps_the_winners_line(measured: Report, facts: RunFacts) -> None:
    others = [
        Candidate(id=f"x-{i}", program=Program.of(f"Sort {i}."), parents=("c-0",), operator="critic", status="rejected")
        for i in range(400)
    ]
    history = build_document(measured, replace(facts, candidates=(*facts.candidates, *others))).history
    assert {"c-0", "c-1", "c-7"} <= {row.id for row in history.lineage}
    assert len(history.lineage) + history.hidden == 404
    assert len(history.lineage) == 300


def test_operators_are_credited_with_what_became_of_their_proposals(measured: Report, facts: RunFacts) -> None:
    rows = build_document(measured, facts).history.operators
    assert [(row.operator, row.proposed, row.refused, row.measured, row.kept, row.in_line) for row in rows] == [
        ("critic", 2, 1, 1, 1, 1),
        ("rephrase", 1, 0, 1, 1, 1),
    ]


def test_the_curve_has_the_leader_and_all_measured_candidates(measured: Report, facts: RunFacts) -> None:
    curve = build_document(measured, facts).history.curve
    assert curve is not None
    assert curve.leader == (LeaderStep(calls=4, score=0.5), LeaderStep(calls=14, score=0.75))
    assert [(point.id, point.calls, point.score) for point in curve.candidates] == [
        ("c-0", 4, 0.5),
        ("c-1", 14, 0.5),
        ("c-7", 14, 0.75),
    ]


def test_changes_are_told_in_three_lines_by_block(measured: Report, facts: RunFacts) -> None:
    document = build_document(measured, facts)
    assert document.changes[0] == "12 → 48 words; none removed."
    assert document.changes[1] == "Changed: instruction, example (new)."
    assert document.changes[2].startswith("Proposed by critic: ")
    assert len(document.changes) == 3
    assert [(change.name, change.removed) for change in document.prompts] == [("instruction", 0), ("example 1", 0)]


def test_blocks_of_several_prompts_have_their_prompts_name() -> None:
    before = Program(prompts={"plan": Prompt(instruction="Plan it."), "write": Prompt(instruction="Write it.")})
    after = Program(prompts={**before.prompts, "write": Prompt(system="Be brief.", instruction="Write it.")})
    assert [(change.name, change.is_changed) for change in compare_programs(before, after)] == [
        ("plan: instruction", False),
        ("write: instruction", False),
        ("write: system", True),
    ]


def test_the_measures_of_the_start_stand_before_those_of_the_winner(measured: Report, facts: RunFacts) -> None:
    reading = Reading(figures=(Figure(name="spread", value=0.25),), verdict="the format matters")
    records = tuple(
        MeasureRecord(
            run="r", measure="format-spread", program=role, role=role, split="test", model="local/smollm2",
            examples=8, declared=80, calls=80, paid=80, reading=reading,
        )
        for role in ("best", "start")
    )  # fmt: skip
    lines = build_document(measured, replace(facts, measures=records)).measures
    assert [line.detail for line in lines] == [
        "start prompt, 8 test examples. spread 0.25",
        "best prompt, 8 test examples. spread 0.25",
    ]


def test_a_measure_is_a_line_with_its_figures() -> None:
    reading = Reading(
        figures=(Figure(name="change", value=-0.125, low=-0.25, high=0.0), Figure(name="words", value=12)),
        verdict="Order costs 12 points.",
        advice="Shuffle the examples.",
    )
    line = measure_line("order", reading, where="best, 40 test examples")
    assert (line.name, line.result) == ("order", "Order costs 12 points.")
    assert line.detail == "best, 40 test examples. change -0.125 (-0.25 to 0); words 12. Shuffle the examples."
