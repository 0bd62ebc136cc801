"""Gap: a presigned URL may be used with `x-amz-*` headers that were not signed.

S3 answers 403 AccessDenied, so that a grant cannot be widened by a storage class, tags or an ACL.
"""

from __future__ import annotations

from typing import Any

from ministack.services import s3


def apply() -> None:
    """Refuse such a request before its signature is looked at."""
    verify = s3._verify_presigned_sigv4

    def verify_headers_too(
        method: str, path: str, headers: dict[str, Any], query: dict[str, Any]
    ) -> Any:
        parameters = {name.lower(): value for name, value in query.items()}
        if "x-amz-signature" in parameters:
            signed = _first(parameters.get("x-amz-signedheaders")).lower().split(";")
            if any(
                name.lower().startswith("x-amz-") and name.lower() not in signed for name in headers
            ):
                return s3._error(
                    "AccessDenied",
                    "There were headers present in the request which were not signed",
                    403,
                    path,
                )
        return verify(method, path, headers, query)

    s3._verify_presigned_sigv4 = verify_headers_too


def _first(value: Any) -> str:
    return str(value[0] if isinstance(value, list) and value else value or "")
