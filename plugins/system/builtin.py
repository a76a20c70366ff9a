"""What is shipped, offered through the same hooks as anybody's plugin. A name costs no import until it is used.

To ship one more, add one line to the function of its kind: name, module and class below this package, summary.
"""

from __future__ import annotations

from ...core.protocols import Need
from .hookspecs import Register, hookimpl

_NOTHING: frozenset[Need] = frozenset()
_LABELLED: frozenset[Need] = frozenset({"references"})


def _at(place: str) -> str:
    return f"{__package__.rpartition('.')[0]}.{place}"


@hookimpl
def maieutic_evaluators(register: Register) -> None:
    for name, place, summary in (
        (
            "exact",
            "evaluators.string_match:ExactMatch",
            "the answer is one of the references; case and white space do not count",
        ),
        ("contains", "evaluators.string_match:ContainsMatch", "a reference stands in the answer, as whole words"),
        ("choice", "evaluators.string_match:ChoiceMatch", "the letter of the right option"),
        (
            "token_f1",
            "evaluators.string_match:TokenF1",
            "overlap of words with the best reference (F1, as SQuAD counts)",
        ),
        ("numeric", "evaluators.numeric:Numeric", "the number is within an absolute or relative tolerance"),
        ("set", "evaluators.item_sets:ItemSetEvaluator", "the same items in any order: all of them, or F1"),
        (
            "json_fields",
            "evaluators.json_answers:JsonFieldsEvaluator",
            "the share of fields that equal the reference's",
        ),
        ("rouge", "evaluators.rouge:RougeEvaluator", "n-grams in common (ROUGE); needs maieutic[metrics]"),
        ("bleu", "evaluators.bleu_chrf:BleuEvaluator", "sentence BLEU (sacreBLEU); needs maieutic[metrics]"),
        ("chrf", "evaluators.bleu_chrf:ChrfEvaluator", "character n-gram F (chrF); needs maieutic[metrics]"),
        ("similarity", "evaluators.similarity:similarity", "likeness to the nearest reference: spelling, or a model's"),
        ("sql", "evaluators.sql:SqlEvaluator", "the query finds the reference query's rows (SQLite, read-only)"),
    ):
        register(name, _at(place), summary=summary, needs=_LABELLED)
    register(
        "regex", _at("evaluators.string_match:RegexMatch"), summary="a pattern, or the reference as a pattern, is found"
    )
    register(
        "json_schema",
        _at("evaluators.json_answers:JsonSchemaEvaluator"),
        summary="the answer is JSON that fits a schema",
    )
    register(
        "cross-entropy",
        _at("evaluators.cross_entropy:CrossEntropy"),
        summary="how likely the target finds the reference: a loss, for recipes that search by one (PMPO)",
        needs=frozenset({"references", "logprobs"}),
    )
    register(
        "progress", _at("evaluators.episode_progress:ProgressEvaluator"), summary="how far an episode in a world came"
    )
    register("callable", _at("evaluators.callable:CallableEvaluator"), summary="any function, as module:function")
    register(
        "judge", _at("evaluators.judge:PairwiseJudge"), summary="a model compares two outputs, in both orders (SPO)"
    )
    register("person", _at("evaluators.person:HumanJudge"), summary="a person compares two outputs, blind (APOHF)")
    for name, place, summary in (
        ("rubric", "evaluators.rubric:RubricEvaluator", "a model rates by a rubric; votes, calibrated by labels"),
        (
            "checklist",
            "evaluators.checklist:ChecklistEvaluator",
            "a model answers yes-or-no questions about the output",
        ),
        ("code", "evaluators.code:CodeEvaluator", "Python that passes its tests, in a limited subprocess"),
        ("valid", "evaluators.valid_syntax:SyntaxEvaluator", "the output is JSON, or YAML"),
        ("length", "evaluators.text_statistics:LengthEvaluator", "words, characters, sentences or lines within limits"),
        (
            "readability",
            "evaluators.text_statistics:ReadabilityEvaluator",
            "Flesch's reading ease within limits (English)",
        ),
        ("toxicity", "evaluators.text_statistics:WordListEvaluator", "none of a list of words"),
        ("latency", "evaluators.resource_use:LatencyEvaluator", "how quickly the answer came"),
        ("cost", "evaluators.resource_use:CostEvaluator", "how few tokens, or dollars, the answer took"),
        ("fairness", "evaluators.fairness:FairnessEvaluator", "the same answer when an attribute's words are swapped"),
        ("langchain", "evaluators.from_langchain:LangChainEvaluator", "any LangChain evaluator of strings"),
        ("dspy", "evaluators.from_dspy:DspyMetric", "any DSPy metric; needs maieutic[dspy]"),
        ("inspect", "evaluators.from_inspect:InspectScorer", "any scorer of inspect_ai; needs maieutic[inspect]"),
        ("promptfoo", "evaluators.from_promptfoo:PromptfooAssertion", "any promptfoo assertion; needs Node.js"),
        ("faithfulness", "evaluators.faithfulness:Faithfulness", "the share of claims that the context supports"),
        ("g-eval", "evaluators.g_eval:GEval", "the expected rating by the likelihoods of its token (G-Eval)"),
    ):
        register(name, _at(place), summary=summary)


@hookimpl
def maieutic_targets(register: Register) -> None:
    register("chat", _at("targets.chat:ChatTarget"), summary="one call of a chat model")
    register("pipeline", _at("targets.pipeline:PipelineTarget"), summary="named prompts, one after another")
    register(
        "environment",
        _at("targets.environment:EnvironmentTarget"),
        summary="several turns in a world: grid, form, your own",
    )
    register("callable", _at("targets.chat:CallableTarget"), summary="any function, as module:function")
    register(
        "runnable",
        _at("apps.runnable_target:RunnableTarget"),
        summary="a LangGraph agent or LangChain Runnable of yours",
    )


@hookimpl
def maieutic_operators(register: Register) -> None:
    train: frozenset[Need] = frozenset({"train"})
    for name, place, summary, needs in (
        (
            "gradient",
            "textual_gradient:TextualGradient",
            "reasons from failures, edits against them, paraphrases (ProTeGi)",
            train,
        ),
        ("scored-history", "scored_history:ScoredHistory", "a new prompt from scored earlier ones (OPRO)", train),
        (
            "induce",
            "induce_instruction:InduceInstruction",
            "the instruction guessed from rows alone (APE)",
            train | _LABELLED,
        ),
        (
            "critique",
            "critique:CritiqueAndSynthesis",
            "a critique, then a prompt without what it says (PromptWizard)",
            train,
        ),
        ("demo-mine", "demo_generation:DemoMining", "demos mined from failures (PromptWizard)", train),
        ("demo-synthesis", "demo_generation:DemoSynthesis", "demos made up (PromptWizard)", train),
        ("demo-rationale", "demo_generation:DemoRationale", "demos explained (PromptWizard)", _NOTHING),
        ("technique", "published_techniques:PublishedTechniques", "published ways to say a task (class C)", _NOTHING),
        ("minstrel", "minstrel:Minstrel", "modules chosen, written, reviewed (Minstrel)", _NOTHING),
        ("rewriter", "trained_rewriter:TrainedRewriter", "a trained rewriter in its own form (class E)", _NOTHING),
        ("snippets", "snippets:SystemSnippets", "encouraging snippets in the system prompt", _NOTHING),
        ("nearest-demos", "medprompt:NearestDemos", "for each input its nearest examples (Medprompt)", train),
        ("option-shuffle", "medprompt:OptionShuffle", "options in several orders, a vote (Medprompt)", _NOTHING),
        ("expert", "persona:ExpertPersona", "an expert's identity as the system prompt (PromptWizard)", _NOTHING),
        ("intent", "persona:TaskKeywords", "the task's keywords (PromptWizard)", _NOTHING),
        (
            "thinking-styles",
            "thinking_styles:ThinkingStyleMutation",
            "versions by ways to think (PromptWizard)",
            _NOTHING,
        ),
        (
            "outputs",
            "output_based_rewrite:OutputBasedRewrite",
            "a new prompt from what the present one brings out (SPO)",
            _NOTHING,
        ),
        ("backprop", "textgrad:TextGrad", "feedback on answers, carried back and summed (TextGrad)", train),
        (
            "claims",
            "failure_claims:FailureClaims",
            "what the model does wrong, each with one rule against it (behavior)",
            train,
        ),
        (
            "controller",
            "feedback_controller:FeedbackController",
            "corrections computed from errors (feedback-control)",
            train,
        ),
        ("examine", "failure_inspection:FailureInspection", "runs examined one by one, then a refinement (PE2)", train),
        (
            "tailor",
            "technique_choice:TechniqueChoice",
            "the prompt in the technique that fits (Promptomatix)",
            _NOTHING,
        ),
        ("unite", "combine_rules:CombineRules", "what several children added, together (behavior)", _NOTHING),
        ("paraphrase", "paraphrase:ParaphraseInstruction", "the same request in other words", _NOTHING),
        ("rewrite", "failure_rewrite:FailureRewrite", "one edit with the failures in view", train),
        ("private-ensemble", "private_ensemble:PrivateEnsemble", "a private vote of authors (DP-OPT)", train),
        ("socratic", "socratic:Socratic", "teacher asks, critic judges, student answers (MARS)", _NOTHING),
        ("ensemble", "mixture:PromptEnsemble", "a vote of the best prompts that differ", _NOTHING),
        ("mask", "segment_edits:SegmentMask", "the prompt without one of its segments (PMPO)", _NOTHING),
        ("segment", "segment_edits:SegmentRewrite", "other words for one segment (PMPO)", train),
        ("mixture", "mixture:MixtureOfPrompts", "a prompt for each region of the inputs, behind a router (MoP)", train),
        (
            "principle",
            "principle_edit:PrincipleEdit",
            "one principle added, changed or removed (ConstitutionalExperts)",
            train,
        ),
        ("demos", "demos:RandomDemos", "random sets of worked examples", train),
        ("demo-bootstrap", "demo_bootstrap:DemoBootstrap", "demos the target got right (MIPRO)", train | _LABELLED),
        ("demo-swap", "demos:DemoSwap", "some demos exchanged for others", train),
        ("demo-order", "demos:DemoOrder", "the same demos in another order", _NOTHING),
        ("demo-count", "demos:DemoCount", "a demo more or fewer", train),
        (
            "label-balance",
            "label_balance:LabelBalance",
            "demos moved towards labels, or places, named too seldom",
            train,
        ),
        ("layout", "layout:LayoutMutation", "placement, prefixes, separators, demos, casing, digits", _NOTHING),
        ("answer-hint", "layout:AnswerHint", "the wanted form of the answer in words", _NOTHING),
        ("combine", "slot_combination:SlotCombination", "the words of one, the demos of another (MIPRO)", _NOTHING),
        (
            "grounded",
            "grounded_proposal:GroundedProposal",
            "grounded in data, demos and a tip (MIPRO)",
            train | _LABELLED,
        ),
        ("demo-select", "demo_select:DemoSelect", "demos like the failures, or unlike each other", train),
        ("crossover", "crossover:Crossover", "a child of two prompts (EvoPrompt, CAPO)", _NOTHING),
        (
            "differential",
            "differential_mutation:DifferentialMutation",
            "a child of four prompts (EvoPrompt DE)",
            _NOTHING,
        ),
        ("token-prune", "token_prune:TokenPrune", "a few tokens fewer, in demos too (PromptQuine)", _NOTHING),
        ("section-edit", "section_edits:SectionEdit", "one section anew, failures in view (PromptFlow)", train),
        ("section-add", "section_edits:SectionAdd", "a section that is missing (PromptFlow)", train),
        ("section-reword", "section_edits:SectionReword", "one section in other words (PromptFlow)", _NOTHING),
        ("section-drop", "section_edits:SectionDrop", "a section taken out (PromptFlow)", _NOTHING),
        ("phrase", "phrase_operators:PhraseEdits", "phrases added, deleted, swapped, said otherwise (Plum)", _NOTHING),
        ("phrase-crossover", "phrase_operators:PhraseCrossover", "phrases of two parents (Plum)", _NOTHING),
        ("component-edits", "component_edits:ComponentEdits", "a system prompt of components (SPRIG)", _NOTHING),
        ("components", "components:ComponentMutation", "an instruction component added or dropped (SPRIG)", _NOTHING),
        (
            "generic-instruction",
            "generic_instruction:GenericInstruction",
            "an instruction that only points at the demos (after CAPO's ablation)",
            _NOTHING,
        ),
        ("boundary-rows", "boundary_examples:BoundaryExamples", "hard rows, made up and labelled (IPC)", _NOTHING),
        ("relabel", "relabel:Relabel", "answers that prompts agree on become labels (GPO)", _NOTHING),
        ("prefix", "phrase_prefix:PhrasePrefix", "phrases in front, demos with agreed labels (unsupervised)", _NOTHING),
        (
            "several",
            "multi_proposal:MultiProposal",
            "several prompts from one question, rows of all groups in view (GPO)",
            train,
        ),
        (
            "calibrate",
            "boundary_examples:ConfusionCalibration",
            "a prompt from the confusion matrix and its analysis (IPC)",
            train,
        ),
        ("branch", "branching:Branching", "failure patterns, each mended by a branch (AMPO)", train),
        ("branch-drop", "branching:BranchDrop", "each branch left out once", _NOTHING),
        (
            "reflect",
            "reflective_mutation:ReflectiveMutation",
            "a new prompt after a look at a few runs and what was said of them (GEPA)",
            train,
        ),
        ("advice", "advice:RuleAdvice", "people's rules on what happened, summed up, then rewritten (PROMST)", train),
        (
            "turns",
            "turn_feedback:TurnFeedback",
            "feedback on turns, and experience replayed (prompt-reinforcing)",
            train,
        ),
        ("direction", "objective_edit:ObjectiveEdit", "an edit towards one of several objectives (MODP)", train),
        ("select-by-log", "select_by_log:SelectByLog", "for each input the prompt a log promises most of", _NOTHING),
        (
            "assemble",
            "program_assembly:ProgramAssembly",
            "named prompts of several programs in one (MetaSPO)",
            _NOTHING,
        ),
        ("merge", "lineage_merge:LineageMerge", "two lineages, part by part (GEPA)", _NOTHING),
    ):
        register(name, _at(f"operators.{place}"), summary=summary, needs=needs)


@hookimpl
def maieutic_strategies(register: Register) -> None:
    for name, place, summary in (
        ("pruning", "token_pruning:TokenPruning", "place after place goes, if the score lets it (TAPruning)"),
        (
            "regularized-evolution",
            "regularized_evolution:RegularizedEvolution",
            "the oldest go, however good (PromptQuine)",
        ),
        (
            "annealing",
            "simulated_annealing:SimulatedAnnealing",
            "a worse neighbour now and then, ever more seldom (Plum)",
        ),
        ("harmony", "harmony_search:HarmonySearch", "improvised from a memory of good prompts (Plum)"),
        ("hill-climbing", "local_search:HillClimbing", "to the best neighbour, if it is better (Plum)"),
        ("surrogate", "surrogate:SurrogateSearch", "the most promising pair of words and demos, by TPE (MIPRO)"),
        ("thrifty", "length_penalized:LengthPenalized", "longer has to be better by more than it costs (Promptomatix)"),
        ("tabu", "tabu_search:TabuSearch", "to the best neighbour that undoes nothing recent (Plum)"),
        ("gated", "operator_gating:OperatorGating", "a gate learns which operator helps which section (PromptFlow)"),
        ("credited-beam", "credited_beam:CreditedBeam", "a beam that tells operators what brought gains (SPRIG)"),
        ("bilevel", "bilevel:BilevelSearch", "user prompts inside, a system prompt for all tasks outside (MetaSPO)"),
        ("private", "private_proposals:PrivateProposals", "a privacy budget that is spent once (DP-OPT)"),
        ("bandit", "operator_bandit:OperatorBandit", "operators that paid off are asked again (auto)"),
        ("beam", "beam_search:BeamSearch", "the best few and their children (ProTeGi)"),
        (
            "differential",
            "differential_evolution:DifferentialEvolution",
            "each of a population against its child (EvoPrompt DE)",
        ),
        ("genetic", "genetic_algorithm:GeneticAlgorithm", "a population; the fittest live on (EvoPrompt, CAPO, TAPO)"),
        ("growing", "grow_and_prune:GrowAndPrune", "grow while it pays, then cut what does not (AMPO)"),
        (
            "calibration",
            "boundary_calibration:BoundaryCalibration",
            "hard rows are added, each step learns from them (IPC)",
        ),
        (
            "categorical",
            "categorical_policy:CategoricalSearch",
            "distributions over phrases, learned without labels (unsupervised)",
        ),
        (
            "joint",
            "cross_domain_labels:CrossDomainLabels",
            "labels agreed on for a second group of inputs, then both count (GPO)",
        ),
        ("chain", "champion_challenger:ChampionChallenger", "a challenger stays if it wins its duels (SPO)"),
        ("history", "history_sampling:HistorySampling", "new prompts from scored earlier ones (OPRO)"),
        ("pareto", "pareto:ParetoSearch", "parents that lead on some row; lineages merge (GEPA)"),
        ("staged", "staged_operators:StagedOperators", "operators in stages, the best stays (PromptWizard)"),
        (
            "preferred",
            "preference_pool:PreferencePool",
            "a fixed pool; who is preferred by all that is known wins (APOHF)",
        ),
        ("planned", "planned_path:PlannedPath", "along the planner's path (MARS)"),
        ("blame", "segment_ablation:SegmentAblation", "segments are masked, the least useful written anew (PMPO)"),
        (
            "regions",
            "region_search:RegionSearch",
            "clusters of inputs, a search in each, a router (MoP, ConstitutionalExperts)",
        ),
        ("pool", "propose_then_select:ProposeThenSelect", "propose once, measure, choose (APE)"),
        ("backtrack", "backtracking_beam:BacktrackingBeam", "a beam from the best of all steps (PE2)"),
        (
            "feedback",
            "feedback_control:FeedbackControl",
            "greedy steps that are told the measured errors (feedback-control)",
        ),
        ("objectives", "multi_objective:MultiObjective", "parents from the front of several objectives (MODP)"),
        (
            "selection",
            "learned_selection:LearnedSelection",
            "a finite set, a log on train rows, a learned choice (Prompt-OIRL)",
        ),
        ("levels", "level_tree:LevelTree", "a tree by levels, the best of one breed the next (PROMST)"),
        ("greedy", "greedy:GreedySearch", "a step stays if it is accepted, or is taken back (TextGrad)"),
        ("mcts", "mcts:MonteCarloTreeSearch", "Monte Carlo tree search (PromptAgent)"),
        ("verified", "claim_verification:ClaimVerification", "claims are run before they count (behavior)"),
    ):
        register(name, _at(f"strategies.{place}"), summary=summary)


@hookimpl
def maieutic_allocators(register: Register) -> None:
    for name, place, summary in (
        ("duel", "champion_duels:ChampionDuels", "a judge compares newcomers with the champion (SPO)"),
        ("dueling", "dueling_bandit:DuelingBandit", "the duel that tells most, by a model of worth (APOHF)"),
        ("logged", "log_then_validate:LogThenValidate", "train rows for a log, then val rows, the same for all"),
        ("beside", "shared_and_extra_rows:SharedAndExtraRows", "val rows, and rows of another split to agree on"),
        ("full", "full_evaluation:FullEvaluation", "everything, or the same sample for all"),
        ("gate", "minibatch_gate:MinibatchGate", "better on a few train rows than the parent, then all of val (GEPA)"),
        ("halving", "successive_halving:SuccessiveHalving", "the better half goes on, on more rows"),
        ("minibatch", "minibatch:MinibatchEvaluation", "some rows, and from time to time all for the best (MIPRO)"),
        ("paired-race", "paired_race:PairedRace", "blocks; who is surely worse leaves (CAPO)"),
        (
            "rerank",
            "successive_rerank:SuccessiveRerank",
            "screened on few rows, the best ranked anew on all (PromptQuine)",
        ),
        (
            "predicted",
            "predictive_filter:PredictiveFilter",
            "a learned predictor leaves out what promises nothing (PROMST)",
        ),
        ("race", "pooled_race:PooledRace", "many met briefly, leaders measured well, on pooled evidence (auto)"),
        ("thompson", "thompson_sampling:ThompsonSampling", "rows as often as one may be the best"),
        ("ucb", "ucb:UpperConfidenceBound", "upper confidence bounds (ProTeGi)"),
    ):
        register(name, _at(f"allocators.{place}"), summary=summary)


@hookimpl
def maieutic_loaders(register: Register) -> None:
    register("jsonl", _at("loaders.files:JsonLinesLoader"), summary="one JSON object a line")
    register("csv", _at("loaders.files:CsvLoader"), summary="comma-separated values with a header")
    register("tsv", _at("loaders.files:TsvLoader"), summary="tab-separated values with a header")
    register("parquet", _at("loaders.files:ParquetLoader"), summary="Apache Parquet; needs maieutic[parquet]")
    register("sqlite", _at("loaders.remote:SqliteLoader"), summary="a table or a query: sqlite:rows.db#TABLE")
    register(
        "hf",
        _at("loaders.remote:HuggingFaceLoader"),
        summary="a Hugging Face data set: hf:ID@CONFIG#SPLIT; needs maieutic[hf]",
    )
    register("bbh", _at("loaders.benchmarks:BigBenchHardLoader"), summary="BIG-Bench Hard's JSON: bbh:FILE")
    register(
        "instruction-induction",
        _at("loaders.benchmarks:InstructionInductionLoader"),
        summary="the paper's JSON, as published",
    )
    register(
        "openai-evals",
        _at("loaders.benchmarks:OpenAIEvalsLoader"),
        summary="samples of OpenAI evals: openai-evals:FILE",
    )
    register("promptfoo", _at("loaders.dspy_promptfoo:PromptfooLoader"), summary="promptfoo tests: promptfoo:FILE")
    register(
        "dspy", _at("loaders.dspy_promptfoo:DspyLoader"), summary="DSPy examples: dspy:FILE or dspy:module:function"
    )


@hookimpl
def maieutic_executors(register: Register) -> None:
    register("local", _at("executors.local:LocalExecutor"), summary="in the process of the run")
    register("ray", _at("executors.ray:RayExecutor"), summary="on a Ray cluster; needs maieutic[ray]")


@hookimpl
def maieutic_agents(register: Register) -> None:
    register(
        "instruction", _at("agents.instruction_file:InstructionFileAgent"), summary="an instruction file of your own"
    )
    register("panel", _at("agents.panel:PanelAgent"), summary="asks several times; what is said most often counts")


@hookimpl
def maieutic_observers(register: Register) -> None:
    register("mlflow", _at("observers.mlflow:MlflowObserver"), summary="a run of MLflow; needs maieutic[mlflow]")


@hookimpl
def maieutic_exporters(register: Register) -> None:
    register("text", _at("exporters.text:TextExporter"), summary="plain text, to read and to paste")
    register("json", _at("exporters.json_file:JsonExporter"), summary="every part, for Maieutic to read back")
    register("langchain", _at("exporters.langchain:LangChainExporter"), summary="a LangChain ChatPromptTemplate")
    for name, place, summary in (
        ("langchain-hub", "langchain_hub:LangChainHubExporter", "a commit of LangChain's prompt hub"),
        ("dspy", "dspy:DspyExporter", "Python source of a DSPy module"),
        ("openai", "openai_messages:OpenAIExporter", "messages of OpenAI's chat API, as JSON"),
        ("promptfoo", "promptfoo:PromptfooExporter", "a promptfoo configuration; needs maieutic[yaml]"),
        ("jinja2", "jinja2:Jinja2Exporter", "a Jinja2 template that renders to JSON messages"),
        ("python", "python_module:PythonExporter", "a Python module that needs nothing"),
        ("markdown", "markdown:MarkdownExporter", "a Markdown page, with the claim"),
    ):
        register(name, _at(f"exporters.{place}"), summary=summary)
