"""Plans of faults: which requests go wrong and how, drawn from a seed, logged and counted.

    plan = FaultPlan(seed=3, share=0.2)
    with StubServer(faults=plan) as stub:
        ...
    plan.log      # [(4, "truncated"), (9, "usage_negative"), …]
    plan.counts   # {"truncated": 1, …}

Answers with status 200 that are no answers are written by `wrong_body`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from ..core.identity import seeded_random
from .faults import Fault, WrongBody

WRONG_BODIES: tuple[WrongBody, ...] = get_args(WrongBody)
# Above the million characters that are stored of an answer.
_HUGE_CHARACTERS = 1_200_000
_USAGES: Mapping[str, Any] = {
    "usage_negative": {"prompt_tokens": -5, "completion_tokens": -7, "total_tokens": -12},
    "usage_text": {"prompt_tokens": "many", "completion_tokens": "3.5", "total_tokens": None},
    "usage_nan": {"prompt_tokens": float("nan"), "completion_tokens": float("inf"), "total_tokens": 0},
    "usage_list": [1, 2, 3],
    "usage_zero": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    "usage_huge": {"prompt_tokens": 20_000_000, "completion_tokens": 1, "total_tokens": 20_000_001},
}


def wrong_body(kind: WrongBody, answer: Mapping[str, Any], key: str) -> tuple[bytes, str]:
    """The bytes and the content type of an answer of this kind. key: what the request sent as its key."""
    body = json.loads(json.dumps(answer))
    message = body["choices"][0]["message"]
    if kind in _USAGES:
        return json.dumps({**body, "usage": _USAGES[kind]}).encode(), "application/json"
    match kind:
        case "wrong_type":
            return b"<html>the gateway is restarting</html>", "text/html"
        case "no_object":
            return b"[1, 2, 3]", "application/json"
        case "deep":
            return b"[" * 100_000, "application/json"
        case "invalid_utf8":
            return json.dumps(body).encode().replace(message["content"].encode(), b"\xff\xfe ok"), "application/json"
        case "empty_choices":
            body["choices"] = []
        case "null":
            message["content"] = None
        case "refusal":
            message |= {"content": None, "refusal": "I cannot help with that."}
        case "huge":
            message["content"] = "word " * (_HUGE_CHARACTERS // 5)
        case "surrogates":
            message["content"] = "half \ud83d of a pair"
        case "echo_key":
            message["content"] = f"your key is {key}"
    return json.dumps(body).encode(), "application/json"


@dataclass(kw_only=True)
class FaultPlan:
    """A schedule for `StubServer(faults=…)`: each request goes wrong with the chance `share`, in one of the kinds.

    The same seed gives the same faults by the number of the request. Retry-After comes in seconds and as a date.
    """

    seed: int
    share: float = 0.2
    faults: Sequence[Fault] = (
        *(Fault(how="body", body=kind) for kind in WRONG_BODIES),
        Fault(status=429, retry_after="0"),
        Fault(status=429, retry_after="Thu, 01 Jan 1970 00:00:00 GMT"),
        Fault(status=500),
        Fault(status=503),
        Fault(how="drop"),
        Fault(how="truncated"),
        Fault(how="drip"),
    )
    log: list[tuple[int, str]] = field(default_factory=list)

    def __call__(self, number: int) -> Fault | None:
        rng = seeded_random(self.seed, "fault", number)
        if rng.random() >= self.share:
            return None
        fault = rng.choice(self.faults)
        self.log.append((number, fault.name))
        return fault

    @property
    def counts(self) -> dict[str, int]:
        return dict(Counter(name for _, name in self.log).most_common())
