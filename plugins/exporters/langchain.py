"""The program as a LangChain `ChatPromptTemplate` in LangChain's own JSON, and as a commit of its prompt hub."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from typing import Any

from ...core.dataset import Example
from ...core.errors import UsageError
from ...core.identity import digest
from ...core.program import MAIN, Program
from ...core.prompt import Prompt
from ...core.render import Message, template_values, with_shared_prompt
from ...core.report import Report
from ...core.routing import Router, majority_index
from .message_templates import (
    TemplateVariable,
    gain_statement,
    message_templates,
    prompt_templates,
    untemplatable_feature,
)

_ROLES = {"system": "system", "user": "human", "assistant": "ai"}
_ROLES_BY_TYPE = {theirs: ours for ours, theirs in _ROLES.items()}


class LangChainExporter:
    """JSON for `langchain_core.load.loads`: a template, or name → template for a program of several prompts; with a
    router, its kind and texts are added, and `load_chain` makes the whole a Runnable.

    Formatted with an example's values it gives exactly the messages that Maieutic sends, if no value is
    empty (Maieutic leaves out a block without text, a template cannot). The variables are `input`, or the prompt's
    placeholders.
    """

    name = "langchain"
    suffix = ".json"

    def export(self, program: Program, task_name: str, report: Report | None) -> str:
        from langchain_core.load import dumps

        if beyond := untemplatable_feature(program):
            raise UsageError(
                f"{beyond} cannot be written as LangChain templates",
                where="--format langchain",
                possible=("json", "text"),
                remedy="use Result.runnable, or read an export as json yourself",
            )
        templates = {
            name: _chat_prompt_template(with_shared_prompt(program, name))
            for name in program.prompts
            if name != program.shared
        }
        if program.router is not None:
            body = {"router": program.router.model_dump(mode="json"), "templates": templates}
            return dumps(body, pretty=True) + "\n"
        plain = list(templates) == [MAIN]
        return dumps(templates[MAIN] if plain else templates, pretty=True) + "\n"


def read_messages(text: str, example: Example, name: str = MAIN) -> list[Message]:
    """An export, loaded and formatted by LangChain alone: what the application will send for this example.

    `name` chooses among several prompts. It lets an export be scored again outside Maieutic's renderer.
    """
    template = load_templates(text)[name]
    return [
        {"role": _ROLES_BY_TYPE[message.type], "content": message.text}  # type: ignore[typeddict-item]
        for message in template.format_messages(**template_values(example))
    ]


def load_templates(text: str) -> dict[str, Any]:
    """Prompt name → LangChain template of an export, loaded by LangChain alone."""
    from langchain_core import prompts
    from langchain_core.load import loads
    from langchain_core.load.serializable import Serializable

    allowed: list[type[Serializable]] = [
        prompts.ChatPromptTemplate,
        prompts.PromptTemplate,
        prompts.SystemMessagePromptTemplate,
        prompts.HumanMessagePromptTemplate,
        prompts.AIMessagePromptTemplate,
    ]
    body = json.loads(text)
    plain = isinstance(body.get("lc"), int)
    with warnings.catch_warnings():
        # `loads` is marked as beta in langchain-core 1.x, and there is no other way in.
        warnings.filterwarnings("ignore", message=".*is in beta.*")
        loaded: Any = loads(text, allowed_objects=allowed)
    return {MAIN: loaded} if plain else dict(loaded["templates"] if _has_router(body) else loaded)


def load_chain(text: str, model: Any, read: Callable[[str], str | None] = str.strip) -> Any:
    """An export with a model, as a Runnable from an example's values (`{"input": …}`) to the model's message.

    A router becomes a `RunnableBranch`; one by a field reads the values. Prompts that vote run side by side, and the
    message whose answer, as `read` reads it, the majority gave is passed on. Of several prompts without a router,
    the main one.
    """
    from langchain_core.runnables import RunnableBranch, RunnableLambda, RunnableParallel

    body = json.loads(text)
    chains = {name: template | model for name, template in sorted(load_templates(text).items())}
    if not _has_router(body):
        return chains[MAIN] if MAIN in chains else next(iter(chains.values()))
    router, names = Router.model_validate(body["router"]), list(chains)
    if router.kind == "vote":

        def majority(replies: dict[str, Any]) -> Any:
            return replies[names[majority_index([read(replies[name].text) for name in names])]]

        return RunnableParallel(chains) | RunnableLambda(majority)

    def fits(name: str) -> Any:
        if router.kind == "field":
            return RunnableLambda(lambda values: values.get(router.field) == name)
        return RunnableLambda(
            lambda values: router.route(values.get("input") or Example(input=values).text, names) == name
        )

    *others, last = names
    if not others:
        return chains[last]
    return RunnableBranch(*((fits(name), chains[name]) for name in others), chains[last])


def _has_router(body: dict[str, Any]) -> bool:
    return "templates" in body and "kind" in body.get("router", {})


def _chat_prompt_template(prompt: Prompt) -> Any:
    """Holes become variables, and all other braces literal ones."""
    from langchain_core.prompts import ChatPromptTemplate

    def template(pieces: tuple[str | TemplateVariable, ...]) -> str:
        return "".join(
            f"{{{piece.name}}}" if isinstance(piece, TemplateVariable) else piece.replace("{", "{{").replace("}", "}}")
            for piece in pieces
        )

    turns = message_templates(prompt)
    return ChatPromptTemplate.from_messages([(_ROLES[turn.role], template(turn.pieces)) for turn in turns])


class LangChainHubExporter:
    """JSON of a prompt commit, as `langsmith.Client().pull_prompt_commit` gives one: owner `-` (yourself), the task's
    name as the repository, the program's hash as the commit, and a `ChatPromptTemplate` as the manifest.

    To publish it: `Client().push_prompt(repo, object=loads(json.dumps(body["manifest"])))`.
    """

    name = "langchain-hub"
    suffix = ".json"

    def export(self, program: Program, task_name: str, report: Report | None) -> str:
        prompt_templates(program, self.name, several=False)
        manifest = json.loads(LangChainExporter().export(program, task_name, None))
        repo = re.sub(r"[^a-z0-9_-]+", "-", task_name.lower()).strip("-") or "prompt"
        if not repo[0].isalpha():
            repo = f"prompt-{repo}"
        body = {
            "owner": "-",
            "repo": repo,
            "commit_hash": digest(program.parts()),
            "manifest": manifest,
            "examples": [],
            "description": gain_statement(report) or None,
        }
        return json.dumps(body, indent=2, ensure_ascii=False) + "\n"
