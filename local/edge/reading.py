"""Helpers for reading the CloudFront API's answers without overlooking anything in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


class ConfigurationError(Exception):
    """The distribution uses something that the local edge does not know. The message names it."""


def items(block: Mapping[str, Any] | None) -> list[Any]:
    """Return the members of one of CloudFront's lists, which may be missing."""
    return list((block or {}).get("Items") or [])


def refuse_unknown(where: str, config: Mapping[str, Any], known: Collection[str]) -> None:
    """Raise ConfigurationError for a setting that is made and not among the known ones."""
    for name, value in config.items():
        if name not in known and not _is_unset(value):
            raise ConfigurationError(
                f"{where} sets {name} to {value!r}: local/edge does not know that setting. "
                "Teach it, or leave the setting out."
            )


def _is_unset(value: Any) -> bool:
    """Whether a setting is as it would be without having been made."""
    if isinstance(value, Mapping):
        return all(_is_unset(one) for one in value.values())
    return value in (None, False, 0, "", "none", [])


def chosen(
    where: str,
    config: Mapping[str, Any],
    name: str,
    known: Collection[str],
    default: str | None = None,
) -> str:
    """Return a setting. Raises ConfigurationError unless its value is a known one."""
    value = config.get(name, default)
    if value not in known:
        raise ConfigurationError(
            f"{where} sets {name} to {value!r}: local/edge knows {', '.join(known)} there."
        )
    return str(value)
