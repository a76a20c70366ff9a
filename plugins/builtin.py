"""What is shipped, offered through the same hooks as anybody's plugin. A name costs no import until it is used.

To ship one more, add one line to the function of its kind: name, module and class below this package, summary.
"""

from __future__ import annotations

from ..core.contracts import Need
from .hookspecs import Register, hookimpl

_NOTHING: frozenset[Need] = frozenset()
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
        ("rouge", "evaluators.rouge:Rouge", "n-grams in common (ROUGE); needs maieutic[metrics]"),
        ("bleu", "evaluators.translation:Bleu", "sentence BLEU (sacreBLEU); needs maieutic[metrics]"),
        ("chrf", "evaluators.translation:Chrf", "character n-gram F (chrF); needs maieutic[metrics]"),
        ("similarity", "evaluators.similarity:similarity", "likeness to the nearest reference: spelling, or a model's"),
        ("sql", "evaluators.sql:Sql", "the query finds the reference query's rows (SQLite, read-only)"),
    ):
        register(name, _at(place), summary=summary, needs=_LABELLED)
    register("regex", _at("evaluators.text:Regex"), summary="a pattern, or the reference as a pattern, is found")
    register("json_schema", _at("evaluators.structure:JsonSchema"), summary="the answer is JSON that fits a schema")
    register(
        "cross-entropy",
        _at("evaluators.likelihood:CrossEntropy"),
        summary="how likely the target finds the reference: a loss, for recipes that search by one (PMPO)",
        needs=frozenset({"references", "logprobs"}),
    )
    register("progress", _at("evaluators.progress:Progress"), summary="how far an episode in a world came")
    register("callable", _at("evaluators.function:CallableEvaluator"), summary="any function, as module:function")
    register("judge", _at("evaluators.judge:Judge"), summary="a model compares two outputs, in both orders (SPO)")
    register("person", _at("evaluators.person:Person"), summary="a person compares two outputs, blind (APOHF)")
    for name, place, summary in (
        ("rubric", "evaluators.rubric:Rubric", "a model rates by a rubric; votes, calibrated by labels"),
        ("checklist", "evaluators.checklist:Checklist", "a model answers yes-or-no questions about the output"),
        ("code", "evaluators.code:Code", "Python that passes its tests, in a limited subprocess"),
        ("valid", "evaluators.formats:Valid", "the output is JSON, or YAML"),
        ("length", "evaluators.measures:Length", "words, characters, sentences or lines within limits"),
        ("readability", "evaluators.measures:Readability", "Flesch's reading ease within limits (English)"),
        ("toxicity", "evaluators.measures:WordList", "none of a list of words"),
        ("latency", "evaluators.thrift:Latency", "how quickly the answer came"),
        ("cost", "evaluators.thrift:Cost", "how few tokens, or dollars, the answer took"),
        ("fairness", "evaluators.fairness:Fairness", "the same answer when an attribute's words are swapped"),
        ("langchain", "evaluators.from_langchain:LangChainEvaluator", "any LangChain evaluator of strings"),
        ("dspy", "evaluators.from_dspy:DspyMetric", "any DSPy metric; needs maieutic[dspy]"),
        ("inspect", "evaluators.from_inspect:InspectScorer", "any scorer of inspect_ai; needs maieutic[inspect]"),
        ("promptfoo", "evaluators.from_promptfoo:PromptfooAssertion", "any promptfoo assertion; needs Node.js"),
        ("faithfulness", "evaluators.faithfulness:Faithfulness", "the share of claims that the context supports"),
        ("g-eval", "evaluators.geval:GEval", "the expected rating by the likelihoods of its token (G-Eval)"),
    ):
        register(name, _at(place), summary=summary)


@hookimpl
def maieutic_targets(register: Register) -> None:
    register("chat", _at("targets:ChatTarget"), summary="one call of a chat model")
    register("pipeline", _at("pipelines:PipelineTarget"), summary="named prompts, one after another")
    register(
        "environment", _at("environment:EnvironmentTarget"), summary="several turns in a world: grid, form, your own"
    )
    register("callable", _at("targets:CallableTarget"), summary="any function, as module:function")
    register("runnable", _at("apps.target:RunnableTarget"), summary="a LangGraph agent or LangChain Runnable of yours")


@hookimpl
def maieutic_operators(register: Register) -> None:
    train: frozenset[Need] = frozenset({"train"})
    for name, place, summary, needs in (
        ("gradient", "gradient:Gradient", "reasons from failures, edits against them, paraphrases (ProTeGi)", train),
        ("scored-history", "history:History", "a new prompt from scored earlier ones (OPRO)", train),
        ("induce", "induce:Induce", "the instruction guessed from rows alone (APE)", train | _LABELLED),
        ("critique", "critique:Critique", "a critique, then a prompt without what it says (PromptWizard)", train),
        ("demo-mine", "demo_craft:DemoMine", "demos mined from failures (PromptWizard)", train),
        ("demo-synthesis", "demo_craft:DemoSynthesis", "demos made up (PromptWizard)", train),
        ("demo-rationale", "demo_craft:DemoRationale", "demos explained (PromptWizard)", _NOTHING),
        ("technique", "technique:TechniqueOperator", "published ways to say a task (class C)", _NOTHING),
        ("minstrel", "minstrel:Minstrel", "modules chosen, written, reviewed (Minstrel)", _NOTHING),
        ("rewriter", "rewriter:Rewriter", "a trained rewriter in its own form (class E)", _NOTHING),
        ("snippets", "snippets:Snippets", "encouraging snippets in the system prompt", _NOTHING),
        ("nearest-demos", "nearest:NearestDemos", "for each input its nearest examples (Medprompt)", train),
        ("option-shuffle", "nearest:OptionShuffle", "options in several orders, a vote (Medprompt)", _NOTHING),
        ("expert", "persona:Expert", "an expert's identity as the system prompt (PromptWizard)", _NOTHING),
        ("intent", "persona:Intent", "the task's keywords (PromptWizard)", _NOTHING),
        ("thinking-styles", "thinking:ThinkingStyles", "versions by ways to think (PromptWizard)", _NOTHING),
        ("outputs", "outputs:Outputs", "a new prompt from what the present one brings out (SPO)", _NOTHING),
        ("backprop", "backprop:Backprop", "feedback on answers, carried back and summed (TextGrad)", train),
        ("claims", "claims:Claims", "what the model does wrong, each with one rule against it (behavior)", train),
        ("controller", "controller:Controller", "corrections computed from errors (feedback-control)", train),
        ("examine", "examine:Examine", "runs examined one by one, then a refinement (PE2)", train),
        ("tailor", "tailor:Tailor", "the prompt in the technique that fits (Promptomatix)", _NOTHING),
        ("unite", "unite:Unite", "what several children added, together (behavior)", _NOTHING),
        ("paraphrase", "paraphrase:Paraphrase", "the same request in other words", _NOTHING),
        ("rewrite", "rewrite:Rewrite", "one edit with the failures in view", train),
        ("private-ensemble", "private_ensemble:PrivateEnsemble", "a private vote of authors (DP-OPT)", train),
        ("socratic", "socratic:Socratic", "teacher asks, critic judges, student answers (MARS)", _NOTHING),
        ("ensemble", "mixture:Ensemble", "a vote of the best prompts that differ", _NOTHING),
        ("mask", "segments:Mask", "the prompt without one of its segments (PMPO)", _NOTHING),
        ("segment", "segments:SegmentRewrite", "other words for one segment (PMPO)", train),
        ("mixture", "mixture:Mixture", "a prompt for each region of the inputs, behind a router (MoP)", train),
        ("principle", "principle:Principle", "one principle added, changed or removed (ConstitutionalExperts)", train),
        ("demos", "demos:Demos", "random sets of worked examples", train),
        ("demo-bootstrap", "bootstrap:DemoBootstrap", "demos the target got right (MIPRO)", train | _LABELLED),
        ("demo-swap", "demos:DemoSwap", "some demos exchanged for others", train),
        ("demo-order", "demos:DemoOrder", "the same demos in another order", _NOTHING),
        ("demo-count", "demos:DemoCount", "a demo more or fewer", train),
        ("label-balance", "balance:LabelBalance", "demos moved towards labels, or places, named too seldom", train),
        ("layout", "layout:Layout", "placement, prefixes, separators, demos, casing, digits", _NOTHING),
        ("answer-hint", "layout:AnswerHint", "the wanted form of the answer in words", _NOTHING),
        ("combine", "combine:Combine", "the words of one, the demos of another (MIPRO)", _NOTHING),
        ("grounded", "grounded:Grounded", "grounded in data, demos and a tip (MIPRO)", train | _LABELLED),
        ("demo-select", "select:DemoSelect", "demos like the failures, or unlike each other", train),
        ("crossover", "crossover:Crossover", "a child of two prompts (EvoPrompt, CAPO)", _NOTHING),
        ("differential", "differential:Differential", "a child of four prompts (EvoPrompt DE)", _NOTHING),
        ("token-prune", "token_prune:TokenPrune", "a few tokens fewer, in demos too (PromptQuine)", _NOTHING),
        ("section-edit", "sections:SectionEdit", "one section anew, failures in view (PromptFlow)", train),
        ("section-add", "sections:SectionAdd", "a section that is missing (PromptFlow)", train),
        ("section-reword", "sections:SectionReword", "one section in other words (PromptFlow)", _NOTHING),
        ("section-drop", "sections:SectionDrop", "a section taken out (PromptFlow)", _NOTHING),
        ("phrase", "phrase:PhraseEdits", "phrases added, deleted, swapped, said otherwise (Plum)", _NOTHING),
        ("phrase-crossover", "phrase:PhraseCrossover", "phrases of two parents (Plum)", _NOTHING),
        ("component-edits", "component_edits:ComponentEdits", "a system prompt of components (SPRIG)", _NOTHING),
        ("components", "components:Components", "an instruction component added or dropped (SPRIG)", _NOTHING),
        (
            "generic-instruction",
            "generic:GenericInstruction",
            "an instruction that only points at the demos (after CAPO's ablation)",
            _NOTHING,
        ),
        ("boundary-rows", "boundary:BoundaryRows", "hard rows, made up and labelled (IPC)", _NOTHING),
        ("relabel", "relabel:Relabel", "answers that prompts agree on become labels (GPO)", _NOTHING),
        ("prefix", "prefix:Prefix", "phrases in front, demos with agreed labels (unsupervised)", _NOTHING),
        ("several", "several:Several", "several prompts from one question, rows of all groups in view (GPO)", train),
        ("calibrate", "boundary:Calibrate", "a prompt from the confusion matrix and its analysis (IPC)", train),
        ("branch", "branch:Branching", "failure patterns, each mended by a branch (AMPO)", train),
        ("branch-drop", "branch:BranchDrop", "each branch left out once", _NOTHING),
        (
            "reflect",
            "reflect:Reflect",
            "a new prompt after a look at a few runs and what was said of them (GEPA)",
            train,
        ),
        ("advice", "advice:Advice", "people's rules on what happened, summed up, then rewritten (PROMST)", train),
        ("turns", "turns:Turns", "feedback on turns, and experience replayed (prompt-reinforcing)", train),
        ("direction", "direction:Direction", "an edit towards one of several objectives (MODP)", train),
        ("select-by-log", "by_log:SelectByLog", "for each input the prompt a log promises most of", _NOTHING),
        ("assemble", "assemble:Assemble", "named prompts of several programs in one (MetaSPO)", _NOTHING),
        ("merge", "merge:Merge", "two lineages, part by part (GEPA)", _NOTHING),
    ):
        register(name, _at(f"operators.{place}"), summary=summary, needs=needs)


@hookimpl
def maieutic_strategies(register: Register) -> None:
    for name, place, summary in (
        ("pruning", "pruning:Pruning", "place after place goes, if the score lets it (TAPruning)"),
        (
            "regularized-evolution",
            "regularized_evolution:RegularizedEvolution",
            "the oldest go, however good (PromptQuine)",
        ),
        ("annealing", "annealing:Annealing", "a worse neighbour now and then, ever more seldom (Plum)"),
        ("harmony", "harmony:Harmony", "improvised from a memory of good prompts (Plum)"),
        ("hill-climbing", "walk:HillClimbing", "to the best neighbour, if it is better (Plum)"),
        ("surrogate", "surrogate:Surrogate", "the most promising pair of words and demos, by TPE (MIPRO)"),
        ("thrifty", "thrifty:Thrifty", "longer has to be better by more than it costs (Promptomatix)"),
        ("tabu", "tabu:Tabu", "to the best neighbour that undoes nothing recent (Plum)"),
        ("gated", "gated:Gated", "a gate learns which operator helps which section (PromptFlow)"),
        ("credited-beam", "credited_beam:CreditedBeam", "a beam that tells operators what brought gains (SPRIG)"),
        ("bilevel", "bilevel:Bilevel", "user prompts inside, a system prompt for all tasks outside (MetaSPO)"),
        ("private", "private:Private", "a privacy budget that is spent once (DP-OPT)"),
        ("bandit", "bandit:Bandit", "operators that paid off are asked again (auto)"),
        ("beam", "beam:Beam", "the best few and their children (ProTeGi)"),
        ("differential", "differential:Differential", "each of a population against its child (EvoPrompt DE)"),
        ("genetic", "genetic:Genetic", "a population; the fittest live on (EvoPrompt, CAPO, TAPO)"),
        ("growing", "growing:Growing", "grow while it pays, then cut what does not (AMPO)"),
        ("calibration", "calibration:Calibration", "hard rows are added, each step learns from them (IPC)"),
        ("categorical", "categorical:Categorical", "distributions over phrases, learned without labels (unsupervised)"),
        ("joint", "joint:Joint", "labels agreed on for a second group of inputs, then both count (GPO)"),
        ("chain", "chain:Chain", "a challenger stays if it wins its duels (SPO)"),
        ("history", "history:History", "new prompts from scored earlier ones (OPRO)"),
        ("pareto", "pareto:Pareto", "parents that lead on some row; lineages merge (GEPA)"),
        ("staged", "staged:Staged", "operators in stages, the best stays (PromptWizard)"),
        ("preferred", "preferred:Preferred", "a fixed pool; who is preferred by all that is known wins (APOHF)"),
        ("planned", "planned:Planned", "along the planner's path (MARS)"),
        ("blame", "blame:Blame", "segments are masked, the least useful written anew (PMPO)"),
        ("regions", "regions:Regions", "clusters of inputs, a search in each, a router (MoP, ConstitutionalExperts)"),
        ("pool", "pool:Pool", "propose once, measure, choose (APE)"),
        ("backtrack", "backtrack:Backtrack", "a beam from the best of all steps (PE2)"),
        ("feedback", "feedback:Feedback", "greedy steps that are told the measured errors (feedback-control)"),
        ("objectives", "objectives:Objectives", "parents from the front of several objectives (MODP)"),
        ("selection", "selection:Selection", "a finite set, a log on train rows, a learned choice (Prompt-OIRL)"),
        ("levels", "levels:Levels", "a tree by levels, the best of one breed the next (PROMST)"),
        ("greedy", "greedy:Greedy", "a step stays if it is accepted, or is taken back (TextGrad)"),
        ("mcts", "mcts:Mcts", "Monte Carlo tree search (PromptAgent)"),
        ("verified", "verified:Verified", "claims are run before they count (behavior)"),
    ):
        register(name, _at(f"strategies.{place}"), summary=summary)


@hookimpl
def maieutic_allocators(register: Register) -> None:
    for name, place, summary in (
        ("duel", "duel:Duels", "a judge compares newcomers with the champion (SPO)"),
        ("dueling", "dueling:Dueling", "the duel that tells most, by a model of worth (APOHF)"),
        ("logged", "logged:Logged", "train rows for a log, then val rows, the same for all"),
        ("beside", "beside:Beside", "val rows, and rows of another split to agree on"),
        ("full", "full:Full", "everything, or the same sample for all"),
        ("gate", "gate:Gate", "better on a few train rows than the parent, then all of val (GEPA)"),
        ("halving", "halving:Halving", "the better half goes on, on more rows"),
        ("minibatch", "minibatch:Minibatch", "some rows, and from time to time all for the best (MIPRO)"),
        ("paired-race", "paired_race:PairedRace", "blocks; who is surely worse leaves (CAPO)"),
        ("rerank", "rerank:Rerank", "screened on few rows, the best ranked anew on all (PromptQuine)"),
        ("predicted", "predicted:Predicted", "a learned predictor leaves out what promises nothing (PROMST)"),
        ("race", "race:Race", "many met briefly, leaders measured well, on pooled evidence (auto)"),
        ("thompson", "thompson:Thompson", "rows as often as one may be the best"),
        ("ucb", "ucb:Ucb", "upper confidence bounds (ProTeGi)"),
    ):
        register(name, _at(f"allocators.{place}"), summary=summary)


@hookimpl
def maieutic_loaders(register: Register) -> None:
    register("jsonl", _at("loaders:JsonLines"), summary="one JSON object a line")
    register("csv", _at("loaders:Csv"), summary="comma-separated values with a header")
    register("tsv", _at("loaders:Tsv"), summary="tab-separated values with a header")
    register("parquet", _at("loaders:Parquet"), summary="Apache Parquet; needs maieutic[parquet]")
    register("sqlite", _at("sources:SqliteTable"), summary="a table or a query: sqlite:rows.db#TABLE")
    register(
        "hf", _at("sources:HuggingFace"), summary="a Hugging Face data set: hf:ID@CONFIG#SPLIT; needs maieutic[hf]"
    )
    register("bbh", _at("published:BigBenchHard"), summary="BIG-Bench Hard's JSON: bbh:FILE")
    register("instruction-induction", _at("published:InstructionInduction"), summary="the paper's JSON, as published")
    register("openai-evals", _at("published:OpenAIEvals"), summary="samples of OpenAI evals: openai-evals:FILE")
    register("promptfoo", _at("foreign_rows:PromptfooTests"), summary="promptfoo tests: promptfoo:FILE")
    register("dspy", _at("foreign_rows:DspyExamples"), summary="DSPy examples: dspy:FILE or dspy:module:function")


@hookimpl
def maieutic_executors(register: Register) -> None:
    register("local", _at("executors.local:Local"), summary="in the process of the run")
    register("ray", _at("executors.ray:RayExecutor"), summary="on a Ray cluster; needs maieutic[ray]")


@hookimpl
def maieutic_agents(register: Register) -> None:
    register("instruction", _at("agents.instruction:InstructionFile"), summary="an instruction file of your own")
    register("panel", _at("agents.panel:Panel"), summary="asks several times; what is said most often counts")


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
