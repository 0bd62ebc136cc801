"""Gap: whoever may read an object is told that there is none, even without s3:ListBucket.

S3 answers 404 only to those who may list the bucket, and 403 to others. Our code takes 404 for "it
is not there", so a role that lacks the permission would go unnoticed.
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_region
from ministack.core.router import extract_access_key_id
from ministack.services import s3

Answer = tuple[int, dict[str, Any], Any]


def apply() -> None:
    """Ask whether the caller may list the bucket before an object is said to be missing."""
    for name in ("_get_object", "_head_object"):
        setattr(s3, name, _reading(getattr(s3, name)))


def _reading(read: Any) -> Any:
    def read_object(
        bucket: str,
        key: str,
        headers: dict[str, str] | None = None,
        query: dict[str, Any] | None = None,
    ) -> Answer:
        answer: Answer = read(bucket, key, headers or {}, query or {})
        is_missing = answer[0] == 404 and s3._bucket_owner_account(bucket) is not None
        if not is_missing or _may_list(bucket, headers or {}, query or {}):
            return answer
        refusal: Answer = s3._error("AccessDenied", "Access Denied", 403, f"/{bucket}/{key}")
        return refusal

    return read_object


def _may_list(bucket: str, headers: dict[str, str], query: dict[str, Any]) -> bool:
    access_key_id = extract_access_key_id(headers, query)
    denied = iam_evaluator.enforce(
        access_key_id, "s3:ListBucket", "s3", get_region(), resource_arn=f"arn:aws:s3:::{bucket}"
    )
    return denied is None
