"""Gap: a HEAD that names a versionId does not tell of a restore.

Photos name the version that was verified: without this a restored photo stays archived for ever.
"""

from __future__ import annotations

from typing import Any

from ministack.services import s3

Answer = tuple[int, dict[str, str], bytes]


def apply() -> None:
    """Complete the answer of a HEAD that names the current version: only that can be restored."""
    head_object = s3._head_object

    def head(
        bucket: str,
        key: str,
        headers: dict[str, str] | None = None,
        query: dict[str, Any] | None = None,
    ) -> Answer:
        status, answer_headers, body = head_object(bucket, key, headers, query)
        named = s3._qp(query or {}, "versionId", "")
        if status == 200 and named:
            _, current, _ = head_object(bucket, key, headers, {})
            if current.get("x-amz-version-id") == named and "x-amz-restore" in current:
                answer_headers["x-amz-restore"] = current["x-amz-restore"]
        return status, answer_headers, body

    s3._head_object = head
