"""What the models of a task cost a token, by litellm's table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..core.task import Task
    from ..graphs.estimate import TokenPrice


async def token_prices(task: Task) -> dict[str, TokenPrice]:
    """By model id; models without a known price are left out, and nothing heavy is loaded for the embedded one."""
    from ..graphs.estimate import TokenPrice
    from ..runtime.models.client import ModelClient

    found = {}
    async with ModelClient() as door:
        for model in task.models.by_name().values():
            per_token = await door.price(model)
            if per_token is not None:
                found[model.id] = TokenPrice(prompt=per_token[0], answer=per_token[1])
    return found
