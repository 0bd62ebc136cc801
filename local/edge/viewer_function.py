"""CloudFront Functions: the deployed code, run on each request before the cache is looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import quickjs

from local.edge.messages import Query, RefusedError, Request, Response
from local.edge.reading import ConfigurationError

TIME_LIMIT_SECONDS = 0.2
"""Of the processor's time. CloudFront allows about a millisecond; here only what hangs is ended."""

# cloudfront-js-2.0 has async functions: the result may come once pending jobs have run.
_CALL = """
function callHandler(event) {
  globalThis.outcome = null;
  Promise.resolve(handler(JSON.parse(event))).then(
    (value) => { globalThis.outcome = JSON.stringify({ value }); },
    (error) => { globalThis.outcome = JSON.stringify({ error: String(error) }); },
  );
}
"""


class ViewerFunction:
    """One function in an engine of its own, which is used by one thread alone."""

    def __init__(self, code: str, context: Mapping[str, str]) -> None:
        """`context` is what the event says of the distribution. Raises ConfigurationError."""
        self._context = context
        # QuickJS measures its stack from where it was made, so it stays in one thread.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="viewer-function")
        try:
            self._engine = self._thread.submit(_engine, code).result()
        except quickjs.JSException as error:
            raise ConfigurationError(f"The CloudFront Function does not load: {error}") from None

    def apply(self, request: Request) -> Request | Response:
        """Return the changed request, or the function's own answer. Raises RefusedError."""
        event = {
            "version": "1.0",
            "context": {**self._context, "eventType": "viewer-request"},
            "viewer": {"ip": request.viewer_ip},
            "request": {
                "method": request.method,
                "uri": request.path,
                "querystring": _multiple(request.query),
                "headers": {name: {"value": value} for name, value in request.headers.items()},
                "cookies": {},
            },
        }
        try:
            result = self._thread.submit(self._run, json.dumps(event)).result()
        except quickjs.JSException as error:
            raise _failed(str(error)) from None
        return _response(result) if "statusCode" in result else _changed(request, result)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    def _run(self, event: str) -> dict[str, Any]:
        self._engine.get("callHandler")(event)
        while self._engine.execute_pending_job():
            pass
        outcome = self._engine.get("outcome")
        found: dict[str, Any] = (
            json.loads(outcome) if outcome else {"error": "the handler never ended"}
        )
        value = found.get("value")
        if not isinstance(value, dict):
            raise _failed(found.get("error", "the handler returned nothing"))
        return value


def _engine(code: str) -> Any:
    engine = quickjs.Context()
    engine.set_time_limit(TIME_LIMIT_SECONDS)
    engine.eval(code)
    engine.eval("if (typeof handler !== 'function') throw new Error('it has no handler')")
    engine.eval(_CALL)
    return engine


def _failed(reason: str) -> RefusedError:
    return RefusedError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "FunctionExecutionError",
        f"The CloudFront function associated with the behaviour failed: {reason}",
    )


def _multiple(query: Query) -> dict[str, Any]:
    """Put the parameters as events have them: the last value, and all where there are several."""
    found: dict[str, Any] = {}
    for name, value in query:
        if name in found:
            values = found[name].setdefault("multiValue", [{"value": found[name]["value"]}])
            values.append({"value": value})
            found[name]["value"] = value
        else:
            found[name] = {"value": value}
    return found


def _changed(request: Request, result: Mapping[str, Any]) -> Request:
    query: list[tuple[str, str]] = []
    for name, one in result.get("querystring", {}).items():
        query += [(name, value["value"]) for value in one.get("multiValue", [one])]
    headers = {name.lower(): one["value"] for name, one in result.get("headers", {}).items()}
    kept = request.query if result.get("querystring") == _multiple(request.query) else tuple(query)
    return replace(request, path=result["uri"], query=kept, headers=headers)


def _response(result: Mapping[str, Any]) -> Response:
    body = result.get("body", "")
    data = (body if isinstance(body, str) else body["data"]).encode()
    headers = {name.lower(): one["value"] for name, one in result.get("headers", {}).items()}
    headers["content-length"] = str(len(data))
    headers["x-cache"] = "FunctionGeneratedResponse from cloudfront"
    return Response(int(result["statusCode"]), headers, data)
