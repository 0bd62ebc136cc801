"""Gap: all is plain HTTP, so a policy that denies `aws:SecureTransport: false` denies every call.

Both buckets carry that policy, as they should. Here the transport is loopback, which nobody else
can listen to: it counts as secure.
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator


def apply() -> None:
    """Let every request count as one over TLS."""
    original = iam_evaluator._resolve_condition_key

    def resolve(key: str, context: Any) -> Any:
        return "true" if key.lower() == "aws:securetransport" else original(key, context)

    iam_evaluator._resolve_condition_key = resolve
