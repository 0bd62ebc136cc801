"""Gap: Signature Version 2 is taken, on requests and in forms; S3's newer regions refuse it."""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator as evaluator
from ministack.services import s3

_MESSAGE = (
    "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
)


def apply() -> None:
    """Refuse both with S3's words."""
    enforce_form = s3._enforce_signed_post_policy

    def refuse(_request: Any, _account_id: str) -> Any:
        return evaluator.AuthError("InvalidRequest", _MESSAGE)

    def enforce_v4_form(
        fields: dict[str, str], bucket: str, region: str, size: int, sigv4: bool
    ) -> Any:
        if not sigv4:
            return s3._error("InvalidRequest", _MESSAGE, 400)
        return enforce_form(fields, bucket, region, size, sigv4)

    evaluator._sigv2_check = refuse
    s3._enforce_signed_post_policy = enforce_v4_form
