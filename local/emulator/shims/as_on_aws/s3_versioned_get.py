"""Gap: a GET that names a versionId ignores `response-*` parameters and Range.

Our view URLs pin the version that was verified: without this no download gets its file name, and
no video seeks.
"""

from __future__ import annotations

from typing import Any

from ministack.services import s3

Answer = tuple[int, dict[str, str], bytes]


def apply() -> None:
    """Complete the answer of a GET that names a version."""
    get_object = s3._get_object

    def get(
        bucket: str, key: str, headers: dict[str, str], query: dict[str, Any] | None = None
    ) -> Answer:
        status, answer_headers, body = get_object(bucket, key, headers, query)
        if status != 200 or not s3._qp(query or {}, "versionId", ""):
            return status, answer_headers, body
        s3._apply_response_overrides(answer_headers, query)
        return _sliced(bucket, key, headers.get("range", ""), answer_headers, body)

    s3._get_object = get


def _sliced(bucket: str, key: str, wanted: str, headers: dict[str, str], body: bytes) -> Answer:
    """Cut out what a Range header asks for, as ministack does for the current version."""
    if not wanted:
        return 200, headers, body
    span = s3._parse_range(wanted, len(body))
    if span is None:
        refusal = {"Content-Type": "application/xml", "Content-Range": f"bytes */{len(body)}"}
        return 416, refusal, s3._xml_body(s3._range_error_xml(bucket, key))
    start, end = span
    headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
    headers["Content-Length"] = str(end + 1 - start)
    # A checksum of the whole object cannot vouch for a part of it: S3 leaves it out.
    headers = {
        name: value
        for name, value in headers.items()
        if not name.lower().startswith("x-amz-checksum-")
    }
    return 206, headers, body[start : end + 1]
