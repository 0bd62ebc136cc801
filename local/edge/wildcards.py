"""Patterns with `*` (any characters, or none) and `?` (exactly one), as CloudFront takes them."""

from __future__ import annotations


def matches(pattern: str, text: str) -> bool:
    """Whether the whole of `text` fits `pattern`.

    The time is bounded by the product of both lengths: a regular expression could take far longer.
    """
    at, in_pattern = 0, 0
    star, after_star = -1, 0
    while at < len(text):
        sign = pattern[in_pattern] if in_pattern < len(pattern) else None
        if sign == "*":
            star, after_star = in_pattern, at
            in_pattern += 1
        elif sign == "?" or (sign is not None and sign == text[at]):
            in_pattern += 1
            at += 1
        elif star >= 0:
            # What followed the last star does not fit here, so the star takes one character more.
            after_star += 1
            in_pattern, at = star + 1, after_star
        else:
            return False
    return pattern[in_pattern:].strip("*") == ""
