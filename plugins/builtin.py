"""What is shipped, offered through the same hooks as anybody's plugin. A name costs no import until it is used.

To ship one more, add one line to the function of its kind: name, module and class below this package, summary.
"""

from __future__ import annotations

from ..core.contracts import Need
from .hookspecs import Register, hookimpl

_LABELLED: frozenset[Need] = frozenset({"references"})


def _at(place: str) -> str:
    return f"{__package__}.{place}"


@hookimpl
def maieutic_evaluators(register: Register) -> None:
    for name, place, summary in (
        ("exact", "evaluators.text:Exact", "the answer is one of the references; case and white space do not count"),
        ("contains", "evaluators.text:Contains", "a reference stands in the answer, as whole words"),
        ("choice", "evaluators.text:Choice", "the letter of the right option"),
        ("token_f1", "evaluators.text:TokenF1", "overlap of words with the best reference (F1, as SQuAD counts)"),
        ("numeric", "evaluators.numbers:Numeric", "the number is within an absolute or relative tolerance"),
        ("set", "evaluators.sets:Items", "the same items in any order: all of them, or F1"),
        ("json_fields", "evaluators.structure:JsonFields", "the share of fields that equal the reference's"),
    ):
        register(name, _at(place), summary=summary, needs=_LABELLED)
    register("regex", _at("evaluators.text:Regex"), summary="a pattern, or the reference as a pattern, is found")
    register("json_schema", _at("evaluators.structure:JsonSchema"), summary="the answer is JSON that fits a schema")
    register("callable", _at("evaluators.function:CallableEvaluator"), summary="any function, as module:function")


@hookimpl
def maieutic_targets(register: Register) -> None:
    register("chat", _at("targets:ChatTarget"), summary="one call of a chat model")
    register("pipeline", _at("pipelines:PipelineTarget"), summary="named prompts, one after another")
    register("callable", _at("targets:CallableTarget"), summary="any function, as module:function")


@hookimpl
def maieutic_operators(register: Register) -> None:
    train: frozenset[Need] = frozenset({"train"})
    for name, place, summary, needs in (
        ("gradient", "gradient:Gradient", "reasons from failures, edits against them, paraphrases (ProTeGi)", train),
        ("history", "history:History", "a new prompt from scored earlier ones (OPRO)", train),
        ("induce", "induce:Induce", "the instruction guessed from rows alone (APE)", train | _LABELLED),
        ("paraphrase", "paraphrase:Paraphrase", "the same request in other words", frozenset[Need]()),
        ("rewrite", "rewrite:Rewrite", "one edit with the failures in view", train),
        ("socratic", "socratic:Socratic", "teacher asks, critic judges, student answers (MARS)", frozenset[Need]()),
        ("demos", "demos:Demos", "random sets of worked examples", train),
        ("demo-swap", "demos:DemoSwap", "some demos exchanged for others", train),
        ("demo-order", "demos:DemoOrder", "the same demos in another order", frozenset[Need]()),
        ("demo-count", "demos:DemoCount", "a demo more or fewer", train),
        ("label-balance", "balance:LabelBalance", "demos moved towards the labels given too seldom", train),
        ("layout", "layout:Layout", "placement, prefixes, separators, demo style", frozenset[Need]()),
        ("answer-hint", "layout:AnswerHint", "the wanted form of the answer in words", frozenset[Need]()),
        ("components", "components:Components", "an instruction component added or dropped (SPRIG)", frozenset[Need]()),
    ):
        register(name, _at(f"operators.{place}"), summary=summary, needs=needs)


@hookimpl
def maieutic_strategies(register: Register) -> None:
    for name, place, summary in (
        ("bandit", "bandit:Bandit", "operators that paid off are asked again (auto)"),
        ("beam", "beam:Beam", "the best few and their children (ProTeGi)"),
        ("history", "history:History", "new prompts from scored earlier ones (OPRO)"),
        ("planned", "planned:Planned", "along the planner's path (MARS)"),
        ("pool", "pool:Pool", "propose once, measure, choose (APE)"),
    ):
        register(name, _at(f"strategies.{place}"), summary=summary)


@hookimpl
def maieutic_allocators(register: Register) -> None:
    for name, place, summary in (
        ("full", "full:Full", "everything, or the same sample for all"),
        ("halving", "halving:Halving", "the better half goes on, on more rows"),
        ("race", "race:Race", "many met briefly, leaders measured well, on pooled evidence (auto)"),
        ("ucb", "ucb:Ucb", "upper confidence bounds (ProTeGi)"),
    ):
        register(name, _at(f"allocators.{place}"), summary=summary)


@hookimpl
def maieutic_loaders(register: Register) -> None:
    register("jsonl", _at("loaders:JsonLines"), summary="one JSON object a line")
    register("csv", _at("loaders:Csv"), summary="comma-separated values with a header")
    register("tsv", _at("loaders:Tsv"), summary="tab-separated values with a header")
    register("parquet", _at("loaders:Parquet"), summary="Apache Parquet; needs maieutic[parquet]")


@hookimpl
def maieutic_exporters(register: Register) -> None:
    register("text", _at("exporters.text:TextExporter"), summary="plain text, to read and to paste")
    register("json", _at("exporters.json_file:JsonExporter"), summary="every part, for Maieutic to read back")
    register("langchain", _at("exporters.langchain:LangChainExporter"), summary="a LangChain ChatPromptTemplate")
