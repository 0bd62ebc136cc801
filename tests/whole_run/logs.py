"""What no line of a log may hold: secrets, and what people wrote or are called."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.support.template import ROOT

Line = Mapping[str, Any]

_SECRETS = {
    "a signature": re.compile(r"X-Amz-(Signature|Security-Token|Credential)", re.IGNORECASE),
    "a JSON web token": re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}"),
    "an access key": re.compile(r"\bA(KIA|SIA)[A-Z0-9]{16}\b"),
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"),
    "an Authorization header": re.compile(r"\bauthorization\b", re.IGNORECASE),
}
_WORD = re.compile(r"\w+")
_MIN_LETTERS = 4
"""Shorter texts, such as the title "a", would be found by chance."""


def leaks(lines: Iterable[Line]) -> list[str]:
    """Return what the recorded logs hold that they may not, with the function and the line."""
    lines = list(lines)
    texts = {text for line in lines if line["kind"] == "private" for text in line["texts"]}
    code = _code()
    find_private = _finder(text for text in texts if len(text) >= _MIN_LETTERS and text not in code)
    found = []
    for line in lines:
        if line["kind"] != "log":
            continue
        for said in _said(line["line"]):
            kinds = [kind for kind, pattern in _SECRETS.items() if pattern.search(said)]
            kinds += [f"what a request said ({text!r})" for text in find_private(said)]
            found += [f"{line['function']} logged {kind}: {said[:300]}" for kind in kinds]
    return sorted(set(found))


def _code() -> str:
    """Return all that functions may say by themselves: a file called `webm` is no finding."""
    return "\n".join(path.read_text() for path in sorted((ROOT / "functions").rglob("*.py")))


def counted(lines: Iterable[Line]) -> int:
    """Return how many lines the functions logged."""
    return sum(line["kind"] == "log" for line in lines)


def _said(line: str) -> Iterator[str]:
    """Return every text of a line, JSON's escapes undone."""
    try:
        content = json.loads(line)
    except ValueError:
        yield line
        return
    yield from _texts(content)


def _texts(content: Any) -> Iterator[str]:
    match content:
        case dict():
            for name, value in content.items():
                yield name
                yield from _texts(value)
        case list():
            for value in content:
                yield from _texts(value)
        case str():
            yield content


def _finder(texts: Iterable[str]) -> Any:
    """Return a function that finds whole texts in another one: thousands take no longer."""
    by_word: dict[str, list[str]] = defaultdict(list)
    for text in texts:
        if first := _WORD.search(text):
            by_word[first[0]].append(text)

    def find(said: str) -> list[str]:
        return [
            text
            for word in set(_WORD.findall(said))
            for text in by_word.get(word, [])
            if re.search(rf"(?<![\w-]){re.escape(text)}(?![\w-])", said)
        ]

    return find
