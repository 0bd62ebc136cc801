"""The limits and settings of the functions, as `template.yaml` has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.support import template

MB_OF_A_PROCESSOR = 1769
"""A function has a share of a processor that grows with its memory, and a whole one with this
(AWS Lambda's documentation, "Configure Lambda function memory")."""

_DEFAULT_TMP_MB = 512


@dataclass(frozen=True)
class Limits:
    """What a function has. `cpu_seconds` is what its share of a processor does until Timeout."""

    memory_bytes: int
    tmp_bytes: int
    timeout_seconds: int

    @property
    def cpu_seconds(self) -> float:
        """Seconds of a whole processor. A second one is not counted: decoding has one thread."""
        share = self.memory_bytes / 1024**2 / MB_OF_A_PROCESSOR
        return self.timeout_seconds * min(share, 1.0)


def _limits(function: str) -> Limits:
    common = template.template()["Globals"]["Function"]
    properties = common | template.resources("AWS::Serverless::Function")[function]
    tmp = properties.get("EphemeralStorage", {}).get("Size", _DEFAULT_TMP_MB)
    return Limits(properties["MemorySize"] * 1024**2, tmp * 1024**2, properties["Timeout"])


LIMITS = {
    name: _limits(name)
    for name in ("ProcessUploadFunction", "ResizeThumbnailsFunction", "ProcessVideoFunction")
}


def settings() -> dict[str, str]:
    """Return what parameters of the template set in the environment of functions: the defaults."""
    parameters = template.template()["Parameters"]
    variables = template.template()["Globals"]["Function"]["Environment"]["Variables"]
    return {
        name: str(parameters[parameter]["Default"])
        for name, value in variables.items()
        if (parameter := _parameter(value)) in parameters
    }


def _parameter(value: Any) -> str | None:
    match value:
        case {"Ref": str(name)} | {"Fn::Join": [",", {"Ref": str(name)}]}:
            return name
    return None
