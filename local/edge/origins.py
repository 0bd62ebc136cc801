"""Requests to the origins, the emulator's buckets and functions, signed as CloudFront signs."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import quote, unquote, urlsplit

import httpx
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.edge.configuration import Behaviour, Distribution, Origin
from local.edge.grants import Grants
from local.edge.messages import RefusedError, Request, Response, encoded_query
from local.emulator.root_key import RootKey
from local.emulator.settings import REGION

CHUNK_BYTES = 64 * 1024
_CONNECT_SECONDS = 10.0
_FAILED_STATUSES = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE}
"""Either of these in a group's list lets a connection that failed go to the second origin."""

_NOT_PASSED_ON = {
    "connection", "keep-alive", "transfer-encoding", "upgrade", "x-amz-id-2", "x-amz-request-id",
}  # fmt: skip
_OF_A_PART_OR_VERSION = ("range", "if-range", "if-none-match", "if-modified-since")
"""The edge asks these by itself, whatever the policies name."""


class Origins:
    """Fetches from the emulator as CloudFront would from AWS."""

    def __init__(
        self, endpoint_url: str, key: RootKey, distribution: Distribution, grants: Grants
    ) -> None:
        self._endpoint_url = endpoint_url
        self._port = urlsplit(endpoint_url).port
        self._credentials = Credentials(key.access_key_id, key.secret_access_key)
        self._distribution = distribution
        self._grants = grants
        # No limit: paused videos may hold any number of connections.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=32)
        # The emulator speaks no TLS, and loading certificates takes longer than all the rest.
        self._client = httpx.Client(limits=limits, trust_env=False, verify=False)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def fetch(self, request: Request, behaviour: Behaviour) -> Response:
        """Ask the behaviour's origins. Raises RefusedError when none can be reached."""
        *first, last = behaviour.target.origins
        statuses = behaviour.target.failover_statuses
        for origin in first:
            try:
                response = self._ask(origin, request, behaviour)
            except httpx.TransportError:
                if not statuses & _FAILED_STATUSES:
                    raise _unreachable(origin) from None
                continue
            if response.status not in statuses or request.method == "OPTIONS":
                return response
            response.close()
        try:
            return self._ask(last, request, behaviour)
        except httpx.TransportError:
            raise _unreachable(last) from None

    def _ask(self, origin: Origin, request: Request, behaviour: Behaviour) -> Response:
        if origin.is_signed and not self._is_granted(origin, request):
            return _denied()
        answer = self._client.send(self._origin_request(origin, request, behaviour), stream=True)
        status = answer.status_code
        if (
            origin.is_bucket
            and status == HTTPStatus.NOT_FOUND
            and not self._grants.may_list(origin)
        ):
            answer.close()
            return _denied()  # S3 does not tell whoever may not list what is missing
        headers: dict[str, str] = {}
        for name, value in answer.headers.multi_items():
            if name.lower() not in _NOT_PASSED_ON:
                headers[name.lower()] = value
        return Response(status, headers, _chunks(answer), answer.close)

    def _is_granted(self, origin: Origin, request: Request) -> bool:
        if not origin.is_bucket:
            return self._grants.may_invoke(origin)
        of_version = any(name == "versionId" for name, _ in request.query)
        return self._grants.may_read(origin, _key(origin, request), of_version=of_version)

    def _origin_request(
        self, origin: Origin, request: Request, behaviour: Behaviour
    ) -> httpx.Request:
        path = f"/{quote(_key(origin, request), safe='/-_.~')}"
        host = f"127.0.0.1:{self._port}"
        if origin.is_bucket:
            path = f"/{origin.bucket}{path}"
        else:
            # The emulator tells functions' URLs by Host, and takes only loopback's names.
            host = origin.domain_name.removesuffix(".on.aws") + f".localhost:{self._port}"
        query = encoded_query(
            tuple(
                pair
                for pair in request.query
                if behaviour.cache.query.takes(pair[0]) or behaviour.to_origin.query.takes(pair[0])
            )
        )
        url = self._endpoint_url + path + (f"?{query}" if query else "")
        signed = AWSRequest(
            request.method,
            url,
            headers={**self._headers(origin, request, behaviour), "host": host},
        )
        if origin.is_signed:
            if origin.is_bucket:
                S3SigV4Auth(self._credentials, "s3", REGION).add_auth(signed)
            else:
                SigV4Auth(self._credentials, "lambda", REGION).add_auth(signed)
        timeout = httpx.Timeout(origin.timeout_seconds, connect=_CONNECT_SECONDS, pool=None)
        return httpx.Request(
            request.method,
            url,
            headers=dict(signed.headers.items()),
            extensions={"timeout": timeout.as_dict()},
        )

    def _headers(self, origin: Origin, request: Request, behaviour: Behaviour) -> dict[str, str]:
        """Return what the policies let through, and what CloudFront adds."""
        passed = {
            name: value
            for name, value in request.headers.items()
            if behaviour.cache.headers.takes(name)
            or behaviour.to_origin.headers.takes(name)
            or name in _OF_A_PART_OR_VERSION
        }
        added = {
            "user-agent": "Amazon CloudFront",
            "via": f"1.1 {self._distribution.domain_name} (CloudFront)",
            "x-forwarded-for": request.viewer_ip,
            "accept-encoding": "identity",
        }
        return {**added, **passed, **origin.headers}


def _key(origin: Origin, request: Request) -> str:
    """Return the object's key, or the function's path, without the first slash."""
    return unquote(origin.path + request.path).removeprefix("/")


def _chunks(answer: httpx.Response) -> Iterator[bytes]:
    try:
        yield from answer.iter_raw(CHUNK_BYTES)
    except httpx.TransportError as error:
        raise ConnectionError("The origin broke off in the middle of its answer.") from error
    finally:
        answer.close()


def _denied() -> Response:
    return RefusedError(HTTPStatus.FORBIDDEN, "AccessDenied", "Access Denied").response()


def _unreachable(origin: Origin) -> RefusedError:
    return RefusedError(
        HTTPStatus.BAD_GATEWAY,
        "OriginUnreachable",
        f"CloudFront wasn't able to connect to the origin {origin.name}.",
    )
