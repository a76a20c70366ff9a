"""Images in examples and messages: by address, or as data in the text itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DATA = "data:image/"
_ADDRESSES = ("http://", "https://", _DATA)


def image_url(value: Any) -> str | None:
    """The address of an image, in any of the usual spellings; None for a value that is no image.

    `data:image/…` as a text; `{"image": URL}`, `{"image_url": URL or {"url": URL}}`, and the image parts of OpenAI,
    Anthropic and LangChain with `url`, or with `data` or `base64` and a media type. A plain `https://…` is a text: many
    inputs are about addresses.
    """
    if isinstance(value, str):
        return value if value.startswith(_DATA) else None
    if not isinstance(value, Mapping):
        return None
    if value.get("type", "image") not in ("image", "image_url", "input_image", "base64", "url"):
        return None
    for name in ("image_url", "image", "url", "source"):
        inner = value.get(name)
        if isinstance(inner, str) and inner.startswith(_ADDRESSES):
            return inner
        if isinstance(inner, Mapping):
            return image_url({"url": inner["url"]} if isinstance(inner.get("url"), str) else {**inner, "type": "image"})
    data = value.get("data") or value.get("base64")
    if isinstance(data, str) and data:
        media = value.get("media_type") or value.get("mime_type") or "image/png"
        return data if data.startswith(_DATA) else f"data:{media};base64,{data}"
    return None


def field_images(value: str | Mapping[str, Any]) -> dict[str, str]:
    """Field name → address of the images of an input; a single image has the name `input`."""
    if isinstance(value, str):
        return {"input": value} if value.startswith(_DATA) else {}
    return {name: url for name, field in value.items() if (url := image_url(field)) is not None}


def image_mark(name: str) -> str:
    """What stands in a text in place of an image."""
    return f"[image {name}]"
