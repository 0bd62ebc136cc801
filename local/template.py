"""What template.yaml says of the stack's parameters."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from local.state import ROOT


class _Loader(yaml.SafeLoader):
    """Reads a template without resolving `!Ref` and its like: parameters have none."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


@cache
def defaults() -> dict[str, str]:
    """Return each parameter's default as CloudFormation has it, which is text."""
    template: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), _Loader)
    return {name: str(one["Default"]) for name, one in template["Parameters"].items()}
