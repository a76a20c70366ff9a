"""What the models of a task cost a token, by litellm's table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..core.task import Task
    from ..graphs.forecast import Price


async def prices_of(task: Task) -> dict[str, Price]:
    """By model id; models without a known price are left out, and nothing heavy is loaded for the embedded one."""
    from ..graphs.forecast import Price
    from ..runtime.door import ModelDoor

    found = {}
    async with ModelDoor() as door:
        for model in task.models.distinct().values():
            per_token = await door.price(model)
            if per_token is not None:
                found[model.id] = Price(prompt=per_token[0], answer=per_token[1])
    return found
