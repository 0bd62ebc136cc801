"""Parsing JSON that a stranger wrote: whatever is wrong with it raises ValueError.

The standard library's parser raises RecursionError for deep nesting. It also accepts NaN and halves
of surrogate pairs, which neither an answer nor a record can hold.
"""

from typing import Any

from pydantic_core import from_json


def loads(text: str) -> Any:
    """Parse a JSON text. Raises ValueError.

    It may have 200 levels of nesting, and numbers of 4,300 digits.
    """
    return from_json(text.encode("utf-8", "surrogatepass"), allow_inf_nan=False)
