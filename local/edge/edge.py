"""One request from the viewer to the answer, in CloudFront's order."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any

from local.edge import configuration
from local.edge.cache import Cache, Entry
from local.edge.configuration import Behaviour, Distribution
from local.edge.freshness import lifetime
from local.edge.grants import Grants
from local.edge.invalidations import Invalidations
from local.edge.messages import RefusedError, Request, Response
from local.edge.origins import Origins
from local.edge.ranges import is_unchanged, not_modified, part_of, single_range
from local.edge.signatures import verified
from local.edge.viewer_function import ViewerFunction
from local.emulator.root_key import RootKey

_CONDITIONS = ("if-none-match", "if-modified-since")


class Edge:
    """Answers for one distribution of the emulator at `endpoint_url`."""

    def __init__(
        self,
        endpoint_url: str,
        key: RootKey,
        client: Callable[[str], Any],
        distribution_id: str,
        cache: Cache | None = None,
    ) -> None:
        """Read the distribution through the clients that `client` makes of the emulator.

        Raises ConfigurationError for what is not known here.
        """
        cloudfront = client("cloudfront")
        self.distribution = configuration.read(cloudfront, distribution_id)
        self._cache = cache or Cache()
        self._invalidations = Invalidations(cloudfront, distribution_id, self._cache)
        grants = Grants(client("s3"), client("lambda"), self.distribution)
        self._origins = Origins(endpoint_url, key, self.distribution, grants)
        self._functions = _functions(self.distribution)

    def close(self) -> None:
        """Close connections and engines."""
        self._origins.close()
        for function in self._functions.values():
            function.close()

    def answer(self, request: Request) -> Response:
        """Return the answer to one request. It must be closed when it is not read to its end."""
        behaviour = self.distribution.behaviour(request.path)
        try:
            response = self._answer(request, behaviour)
        except RefusedError as error:
            response = error.response()
        except ConnectionError as error:
            refusal = RefusedError(HTTPStatus.BAD_GATEWAY, "OriginBrokeOff", str(error))
            response = refusal.response()
        headers = behaviour.response_headers.applied(response.headers, request)
        headers["via"] = f"1.1 {self.distribution.domain_name} (CloudFront)"
        headers["x-amz-cf-pop"] = "LOCAL"
        headers["x-amz-cf-id"] = secrets.token_urlsafe(40)
        return replace(response, headers=headers)

    def _answer(self, request: Request, behaviour: Behaviour) -> Response:
        if request.method not in behaviour.methods:
            raise RefusedError(
                HTTPStatus.FORBIDDEN,
                "MethodNotAllowed",
                f"This distribution is not configured to allow {request.method} requests.",
            )
        if behaviour.keys is not None:
            request = verified(request, behaviour.keys)
        if behaviour.function_code is not None:
            changed = self._functions[behaviour.function_code].apply(request)
            if isinstance(changed, Response):
                return changed
            request = changed
        self._invalidations.carry_out()
        response = self._from_cache_or_origin(request, behaviour)
        if response.status == HTTPStatus.OK and is_unchanged(response.headers, request.headers):
            return not_modified(response)
        if isinstance(response.body, bytes) and request.method == "GET":
            return part_of(response, response.body, request.headers)
        return response

    def _from_cache_or_origin(self, request: Request, behaviour: Behaviour) -> Response:
        key = behaviour.cache.key(request)
        fetch = partial(self._fetch, request, behaviour)
        if request.method == "OPTIONS":
            return fetch()
        if request.method == "HEAD" or single_range(request.headers):
            # A part of what is not kept comes from the origin, as a part: it may be of gigabytes.
            entry = self._cache.find(key)
            return entry.served() if entry else fetch()
        return self._cache.get(key, fetch, partial(self._seconds, behaviour))

    def _fetch(
        self, request: Request, behaviour: Behaviour, expired: Entry | None = None
    ) -> Response:
        """Ask the origin: whether what has expired here is unchanged, if there is such an entry.

        What the viewer holds is compared here, with the whole answer.
        """
        asked = {name: text for name, text in request.headers.items() if name not in _CONDITIONS}
        if expired:
            asked |= _condition(expired.response)
        try:
            response = self._origins.fetch(replace(request, headers=asked), behaviour)
        except RefusedError as error:
            response = error.response()
        result = "Error" if response.status >= 400 else "Miss"
        return response.with_headers(x_cache=f"{result} from cloudfront")

    def _seconds(self, behaviour: Behaviour, response: Response) -> float:
        times, errors = behaviour.cache.times, self.distribution.error_seconds
        return lifetime(response.status, response.headers, times, errors)


def _condition(response: Response) -> dict[str, str]:
    """Return the headers that ask whether there is another version; none for an error."""
    known = response.headers if response.status == HTTPStatus.OK else {}
    if "etag" in known:
        return {"if-none-match": known["etag"]}
    return {"if-modified-since": known["last-modified"]} if "last-modified" in known else {}


def _functions(distribution: Distribution) -> dict[str, ViewerFunction]:
    """Make an engine for each function: behaviours may share one."""
    context = {
        "distributionDomainName": distribution.domain_name,
        "distributionId": distribution.distribution_id,
        "requestId": "local",
    }
    codes = {behaviour.function_code for behaviour in distribution.behaviours}
    return {code: ViewerFunction(code, context) for code in codes if code is not None}
