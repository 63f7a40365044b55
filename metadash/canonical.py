"""One spelling for one meaning: canonical JSON and the digest made of it."""

import dataclasses
import hashlib
import json
from typing import Any

QUIET = {"quiet": True}
"""Metadata of a dataclass field that is spelled only where it is not at its default: specs that do not use it keep their spelling."""


def spelled(value: Any, field: dataclasses.Field) -> bool:
    """Whether a field of a dataclass has a part in its spelling."""
    if not field.metadata.get("quiet"):
        return True
    default = field.default_factory() if callable(field.default_factory) else field.default
    return bool(getattr(value, field.name) != default)


def plain(value: Any) -> Any:
    """Dataclasses (without what is ``QUIET`` and at its default), tuples and mappings as plain JSON values; refuses what has no single spelling (sets, NaN, arrays)."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value) if spelled(value, field)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{type(value).__name__} has no canonical spelling")


def canonical_json(value: Any) -> str:
    """Keys sorted, no spaces, no NaN: equal meanings give equal text."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(*parts: Any, length: int = 20) -> str:
    """The first ``length`` hexadecimal digits of the SHA-256 of the canonical JSON of ``parts`` (80 bits by default)."""
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()[:length]
