"""A run's events in LangGraph's own streams: `custom` carries them all, `messages` what the agents say."""

from __future__ import annotations

import logging

from langchain_core.callbacks import BaseCallbackManager
from langchain_core.messages import AIMessage
from langgraph.config import get_config, get_stream_writer
from langgraph.graph.message import push_message

from ..core.events import Event

_log = logging.getLogger("maieutic")


def publish(event: Event) -> None:
    """Tell the log, without a word of what was said, and whoever streams the graph that is running now."""
    _log.info("%s run=%s seq=%d step=%d", event.kind, event.run, event.number, event.step)
    try:
        config, write = get_config(), get_stream_writer()
    except (RuntimeError, KeyError):
        return  # outside of a node, as when a run is taken up again or has failed
    write(event.as_json_line())
    if event.kind == "agent_spoke" and isinstance(config.get("callbacks"), BaseCallbackManager):
        said = AIMessage(str(event.data.get("text", "")), id=f"{event.run}:{event.number}", name=event.data.get("role"))
        push_message(said, state_key=None)
