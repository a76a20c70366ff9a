"""Names from before version 0.1, for plugins that import them: old modules and old names lead to the present ones.

A finder answers for the modules of the table only. Nothing is imported before an old name is used.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

_ROOT = __name__.partition(".")[0]

# Old module → (where its names are now, old name → new name). A module that still exists is listed for its old names.
_FORMER: Mapping[str, tuple[tuple[str, ...], Mapping[str, str]]] = {
    "agents.parse": (
        ("agents.parse.replies", "agents.parse.blocks"),
        {
            "LONGEST": "MAX_CHARACTERS",
            "LONGEST_ITEM": "MAX_ITEM_CHARACTERS",
            "MOST_ITEMS": "MAX_ITEMS",
            "parse": "parse_reply",
            "legible": "clean_output",
        },
    ),
    "agents.team": (
        ("agents.team", "core.asks"),
        {"Listen": "TurnListener", "Turn": "AgentTurn", "unheard": "no_listener"},
    ),
    "core.amounts": (("core.option_types",), {}),
    "core.answer": (("core.answer", "core.label_reader"), {"bare": "normalize_answer"}),
    "core.betting": (("core.stats.e_process",), {"SHARES": "BET_FRACTIONS", "wealth": "e_value"}),
    "core.classes": (
        ("core.stats.answer_classes",),
        {
            "Classify": "AnswerClassifier",
            "Labels": "LabelClassifier",
            "PLACES": "POSITIONS",
            "classes_of": "answer_classifier",
            "copied": "answers_are_copied",
            "place_of": "position_of",
            "reach": "attainable",
        },
    ),
    "core.contracts": (
        ("core.protocols", "core.evaluator_protocols", "core.search_types"),
        {
            "Bench": "EvaluatorContext",
            "BringsModels": "UsesOwnModels",
            "NewRow": "NewExample",
            "Order": "WorkOrder",
            "Outcome": "DuelOutcome",
            "Pair": "Measurement",
            "WHOLE": "ALL_PROMPTS",
        },
    ),
    "core.dialogue": (
        (
            "agents.asks.common",
            "core.asks",
            "agents.asks.replies",
            "plugins.operators.induce_instruction",
            "plugins.operators.scored_history",
        ),
        {"Induce": "InducePrompt", "Paraphrase": "ParaphrasePrompt", "Past": "ScoredPrompt", "Reply": "AgentReply"},
    ),
    "core.dialogue.ask": (("core.asks",), {"Past": "ScoredPrompt", "Reply": "AgentReply"}),
    "core.dialogue.methods": (
        ("agents.asks.common", "plugins.operators.induce_instruction", "plugins.operators.scored_history"),
        {"Induce": "InducePrompt", "Paraphrase": "ParaphrasePrompt"},
    ),
    "core.dialogue.replies": (("agents.asks.replies",), {}),
    "core.directives": (("core.directives",), {"Roles": "ChangeRole", "Weights": "ChangeWeight"}),
    "core.estimate": (
        ("core.stats.pooled_estimate",),
        {
            "Estimate": "PooledEstimate",
            "FACTOR_ROWS": "LOG_ODDS_ROWS",
            "estimate": "pooled_estimates",
            "features": "candidate_features",
        },
    ),
    "core.example": (("core.dataset",), {}),
    "core.few_rows": (("core.stats.shrinkage",), {"Prior": "BetaPrior"}),
    "core.identity": (("core.identity",), {"canonical": "canonical_json", "seeded": "seeded_random"}),
    "core.interview": (
        ("core.interview",),
        {
            "answered": "is_answered",
            "description_of": "describe_task",
            "open_ones": "open_requirements",
            "prompt_of": "draft_prompt",
        },
    ),
    "core.joint": (
        ("core.multitask",),
        {"HELPFUL": "DEFAULT_SYSTEM_PROMPT", "SHARED": "SHARED_PROMPT", "joined": "join_tasks"},
    ),
    "core.labels": (
        ("core.stats.labels",),
        {"FLOOR": "MIN_LOGPROB", "MOST_LABELS": "MAX_LABELS", "labels_of": "infer_labels", "shares": "label_shares"},
    ),
    "core.log_odds": (("core.stats.label_bias",), {}),
    "core.misfit": (("core.error_messages",), {"misfit": "validation_message", "place_of": "validation_location"}),
    "core.naming": (("core.error_messages",), {"closest": "closest_name"}),
    "core.observing": (("core.observer",), {"Closing": "RunClosed"}),
    "core.options": (("plugins.algorithms.input_variants",), {"shuffled": "shuffle_options"}),
    "core.orders": (
        ("core.search_types",),
        {
            "NewRow": "NewExample",
            "Order": "WorkOrder",
            "Outcome": "DuelOutcome",
            "Pair": "Measurement",
            "WHOLE": "ALL_PROMPTS",
        },
    ),
    "core.privacy": (
        ("core.stats.privacy",),
        {
            "Account": "PrivacyAccountant",
            "NOTHING": "NO_CHOICE",
            "drawn": "sample_choice",
            "known_choice": "exponential_mechanism",
            "private_choice": "limited_domain_choice",
            "share": "per_vote_epsilon",
        },
    ),
    "core.recipe": (("core.recipe",), {"Use": "PluginRef"}),
    "core.reckoning": (
        ("runtime.reports.report_builder", "core.render"),
        {"Measured": "ReportMeasurements", "marked_example": "placeholder_example", "said": "prompt_text"},
    ),
    "core.render": (
        ("core.render",),
        {
            "as_text": "messages_as_text",
            "brief": "instruction_text",
            "brief_of": "program_instruction_text",
            "fill": "fill_template",
            "grouped": "group_digits",
            "spoken": "with_shared_prompt",
            "values_of": "template_values",
        },
    ),
    "core.report": (
        ("core.report", "core.stats.win_rate"),
        {
            "Calls": "CallCounts",
            "Paid": "PaidUsage",
            "Part": "TaskResult",
            "Row": "ExampleScores",
            "Standing": "PromptScore",
            "Texts": "PromptTexts",
            "Val": "ValScores",
            "Words": "WordCounts",
        },
    ),
    "core.routing": (("core.routing",), {"Scorer": "LinearScorer", "majority": "majority_index"}),
    "core.statistics": (
        ("core.stats.tests", "core.stats.intervals"),
        {
            "compare": "compare_paired",
            "mcnemar_exact": "mcnemar_p_value",
            "permutation_p": "permutation_p_value",
            "LEVEL": "CONFIDENCE",
            "flips": "count_flips",
        },
    ),
    "core.task": (("core.task",), {"Advised": "AdviceRule", "BY_TASK": "TASK_FIELD"}),
    "core.vectors": (
        ("core.tfidf",),
        {
            "Space": "TfidfSpace",
            "Vector": "SparseVector",
            "centre": "centroid",
            "likeness": "cosine",
            "unit": "normalize",
        },
    ),
    "core.win_rate": (("core.stats.win_rate",), {"in_order": "margins_in_order"}),
    "core.work": (("core.executor",), {"Done": "MeasureResult", "Job": "MeasureJob", "Work": "MeasureSpec"}),
    "graphs.catalogue": (
        ("graphs.recipe_loader",),
        {"adjust": "apply_settings", "read_recipe": "parse_recipe", "recipes": "all_recipes"},
    ),
    "graphs.apps": (("graphs.integrations.application",), {}),
    "graphs.run": (("graphs.api",), {"check_name": "check_run_id"}),
    "graphs.studio": (("graphs.integrations.langgraph_server",), {}),
    "graphs.tool": (("graphs.integrations.langchain_tool",), {}),
    "plugins.apps.binding": (("plugins.apps.chat",), {}),
    "plugins.apps.chat": (("plugins.apps.chat",), {"said": "to_messages"}),
    "plugins.functions": (("plugins.system.imports",), {"call": "call_function"}),
    "plugins.hookspecs": (("plugins.system.hookspecs",), {"API": "API_VERSION", "GROUP": "ENTRY_POINT_GROUP"}),
    "plugins.loaders": (
        ("plugins.loaders.files",),
        {
            "Csv": "CsvLoader",
            "JsonLines": "JsonLinesLoader",
            "Parquet": "ParquetLoader",
            "Tsv": "TsvLoader",
            "reader": "dataset_reader",
        },
    ),
    "plugins.optional": (("plugins.system.imports",), {"optional": "import_optional"}),
    "plugins.registry": (
        ("plugins.system.registry", "plugins.system.registration"),
        {
            "ENV": "PLUGINS_VARIABLE",
            "SECONDS": "CALL_TIMEOUT_SECONDS",
            "STRICT": "STRICT_VARIABLE",
            "Entry": "Registration",
        },
    ),
    "plugins.segments": (
        ("plugins.algorithms.segments",),
        {"replaced": "replace_segment", "segments_of": "split_segments", "without": "without_segment"},
    ),
    "plugins.targets": (("plugins.targets.chat", "plugins.targets.callable"), {}),
    "plugins.worlds": (("plugins.targets.worlds",), {}),
    "plugins.worlds.episode": (("plugins.targets.worlds.episode",), {}),
    "runtime.rows": (("runtime.tasks.rows",), {"Reader": "RowReader", "Row": "SourceRow"}),
    "runtime.store": (
        ("runtime.store.records", "runtime.store.dashboard_queries"),
        {"LedgerRows": "LedgerSums", "Verdict": "StatusChange", "TallyRow": "StepTally"},
    ),
    "runtime.task_file": (("runtime.tasks.loader",), {"FILE": "TASK_FILE"}),
    "testing.faults": (("testing.faults",), {"Schedule": "FaultSchedule", "fault_at": "fault_for"}),
    "testing.server": (("testing.stub_server",), {"Seen": "RequestLog"}),
}


def install() -> None:
    """Let old names be imported. Called once, by the package itself."""
    if not any(isinstance(finder, _FormerNames) for finder in sys.meta_path):
        sys.meta_path.insert(0, _FormerNames())


class _FormerNames(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(f"{_ROOT}.") or fullname.removeprefix(f"{_ROOT}.") not in _FORMER:
            return None
        spec = PathFinder.find_spec(fullname, path)
        if spec is None:
            is_package = any(name.startswith(f"{fullname}.") for name in map(f"{_ROOT}.{{}}".format, _FORMER))
            return ModuleSpec(fullname, _OldModule(), is_package=is_package)
        if type(spec.loader) is SourceFileLoader:
            spec.loader = _RenamedModule(spec.loader.name, spec.loader.path)
        return spec


class _OldModule(Loader):
    """A module that is gone: it only has the names that are looked up in the new ones."""

    def exec_module(self, module: ModuleType) -> None:
        _add_former_names(module)


class _RenamedModule(SourceFileLoader):
    """A module that is still there, with names that changed."""

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        _add_former_names(module)


def _add_former_names(module: ModuleType) -> None:
    homes, renamed = _FORMER[module.__name__.removeprefix(f"{_ROOT}.")]
    original = vars(module).get("__getattr__")

    def former(name: str) -> Any:
        if not name.startswith("__"):
            for home in homes:
                present = import_module(f"{_ROOT}.{home}")
                if (present is not module or name in renamed) and hasattr(present, new := renamed.get(name, name)):
                    return getattr(present, new)
        if original is not None:
            return original(name)
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

    vars(module)["__getattr__"] = former
