"""Images in data rows: by address, as data, or as a file beside the data."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.errors import TaskError
from ...core.images import image_url

_MEDIA_TYPES = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif", ".webp": "webp"}
# What providers take at most; a larger one would be refused by each of them.
_MAX_IMAGE_BYTES = 20 * 2**20


def is_image(value: Any) -> bool:
    """Whether a value is an image, a file's name in `{"image": "photos/1.png"}` included."""
    return image_url(value) is not None or _file_name(value) is not None


def read_image(value: Any, where: str) -> dict[str, str] | None:
    """`{"image": address}` for an image, with a file's content as data; None for another value.

    Raises TaskError for a file that is missing, too large or outside of the data's folder. where: `FILE:LINE`.
    """
    if (url := image_url(value)) is not None:
        return {"image": url}
    if (name := _file_name(value)) is None:
        return None
    folder = Path(where.rpartition(":")[0] or where).parent.resolve()
    path = (folder / name).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise TaskError(
            f"there is no image {name}", where=where, remedy=f"put it below {folder}, or write its address (https://…)"
        )
    if path.stat().st_size > _MAX_IMAGE_BYTES:
        raise TaskError(f"the image {name} has more than 20 MB", where=where, remedy="make it smaller")
    data = base64.b64encode(path.read_bytes()).decode()
    return {"image": f"data:image/{_MEDIA_TYPES[path.suffix.lower()]};base64,{data}"}


def _file_name(value: Any) -> str | None:
    name = value.get("image") if isinstance(value, Mapping) and len(value) == 1 else None
    return name if isinstance(name, str) and Path(name).suffix.lower() in _MEDIA_TYPES else None
