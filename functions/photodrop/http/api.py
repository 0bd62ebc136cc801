"""What every API function has in common: routing, error answers, CORS, correlation ids."""

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response, content_types
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
)
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from photodrop.config import settings
from photodrop.domain.callers import Caller
from photodrop.errors import (
    AlreadyUploadedError,
    FieldError,
    InvalidRequestError,
    PhotoArchivedError,
    RequestError,
)
from photodrop.http import strict_json
from photodrop.http.authentication import caller_of
from photodrop.http.schemas.base import Schema
from photodrop.observability import logger, metrics

_JSON = "application/json"
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
MAX_FIELD_ERRORS = 20
MAX_FIELD_NAME_LENGTH = 100
"""Limits of an answer to a wrong request: a body of megabytes may be wrong in many places."""
Route = TypeVar("Route", bound=Callable[..., Any])
Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


class UnauthorizedError(RequestError):
    """Nobody is signed in. On AWS, the gateway has already refused such a request."""

    status = 401
    code = "Unauthorized"

    def __init__(self) -> None:
        super().__init__("Sign in, and send the ID token in the Authorization header.")


def application(
    *, strip_prefixes: list[str | re.Pattern[str]] | None = None
) -> APIGatewayRestResolver:
    """Return a resolver that answers every error in the service's own shape.

    `strip_prefixes` are removed from the beginning of a path before its route is looked up.
    """
    app = APIGatewayRestResolver(
        enable_validation=True,
        strip_prefixes=strip_prefixes,
        json_body_deserializer=_parse_body,
    )

    def refuse(error: RequestError) -> Response[Any]:
        logger.info("Refused", code=error.code, status=error.status)
        return _respond_error(app, error.status, error.code, error.message, error)

    def refuse_invalid(error: RequestValidationError) -> Response[Any]:
        found = error.errors()[:MAX_FIELD_ERRORS]
        return refuse(InvalidRequestError([_field_error(error) for error in found]))

    def refuse_content_type(_: RequestUnsupportedContentType) -> Response[Any]:
        return _respond_error(app, 415, "UnsupportedMediaType", "Send JSON, as application/json.")

    def answer_not_found(_: NotFoundError) -> Response[Any]:
        return _respond_error(app, 404, "RouteNotFound", "There is no such route.")

    def answer_unexpected(_: Exception) -> Response[Any]:
        logger.exception("Unexpected error")
        message = "Something went wrong on our side. Please try again."
        return _respond_error(app, 500, "InternalError", message)

    app.exception_handler(RequestError)(refuse)
    app.exception_handler(RequestValidationError)(refuse_invalid)
    app.exception_handler(RequestUnsupportedContentType)(refuse_content_type)
    app.exception_handler(NotFoundError)(answer_not_found)
    app.exception_handler(Exception)(answer_unexpected)
    return app


def handler(app: APIGatewayRestResolver, *, duration_metric: str | None = None) -> Handler:
    """Return the Lambda entry point of `app`.

    `duration_metric` names a metric of the milliseconds that each request takes.
    """

    @metrics.log_metrics
    @logger.inject_lambda_context(clear_state=True)
    def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        started = time.perf_counter()
        logger.set_correlation_id(request_id(event))
        event["headers"] = _with_plain_content_type(event.get("headers") or {})
        event["multiValueHeaders"] = event.get("multiValueHeaders") or {}
        response = app.resolve(event, context)
        response["body"] = response.get("body") or ""
        # Every answer has these headers, because a cache may pass it on to a browser.
        response["multiValueHeaders"] |= {
            "Access-Control-Allow-Origin": [settings().allowed_origin],
            "Access-Control-Expose-Headers": ["Retry-After"],
            "Vary": ["Origin"],
            "X-Content-Type-Options": ["nosniff"],
        }
        # Nearly all answers hold signed URLs, or data that only the caller may see.
        response["multiValueHeaders"].setdefault("Cache-Control", ["no-store"])
        if duration_metric:
            milliseconds = (time.perf_counter() - started) * 1000
            metrics.add_metric(
                name=duration_metric, unit=MetricUnit.Milliseconds, value=milliseconds
            )
        return response

    return handle


def _with_plain_content_type(headers: dict[str, str]) -> dict[str, str]:
    """Write the content type of JSON as the resolver knows it, and drop that of a form.

    Content types may come in upper case and with parameters. This API accepts no forms, but curl
    gives every body the type of a form. A body without a type is read as JSON.
    """
    kept = {}
    for name, value in headers.items():
        media_type = value.partition(";")[0].strip().lower()
        if name.lower() == "content-type" and media_type in _FORM_TYPES:
            continue
        is_json = name.lower() == "content-type" and media_type == _JSON
        kept[name] = _JSON if is_json else value
    return kept


def _parse_body(text: str) -> Any:
    """Parse a request's body. Raises InvalidRequestError for anything that is not JSON."""
    try:
        return strict_json.loads(text)
    except ValueError:
        raise InvalidRequestError([FieldError("body", "must be JSON")]) from None


def raises(*errors: type[RequestError]) -> Callable[[Route], Route]:
    """Declare the errors of a route, for the API's description."""

    def mark(route: Route) -> Route:
        route.errors = errors  # type: ignore[attr-defined]
        return route

    return mark


def answers(schemas: dict[int, type[Schema]]) -> Callable[[Route], Route]:
    """Declare the schema of each successful status of a route, for the API's description."""

    def mark(route: Route) -> Route:
        route.answers = schemas  # type: ignore[attr-defined]
        return route

    return mark


def answers_text(*content_types: str) -> Callable[[Route], Route]:
    """Declare that a route answers with text of these types, for the API's description."""

    def mark(route: Route) -> Route:
        route.text_types = content_types  # type: ignore[attr-defined]
        return route

    return mark


def public[Route: Callable[..., Any]](route: Route) -> Route:
    """Declare that a route needs no sign-in, for the API's description."""
    route.is_public = True  # type: ignore[attr-defined]
    return route


def respond(status: int, body: Schema, *, headers: dict[str, str] | None = None) -> Response[Any]:
    """Return the response of a route that has several successful statuses."""
    return Response(
        status_code=status,
        content_type=content_types.APPLICATION_JSON,
        body=body,
        headers=dict(headers or {}),
    )


def caller(app: APIGatewayRestResolver) -> Caller:
    """Return the user who sent the current request. Raises UnauthorizedError if none is known."""
    found = caller_of(app.current_event.raw_event)
    if found is None:
        raise UnauthorizedError
    return found


def request_id(event: Mapping[str, Any]) -> str:
    """Return API Gateway's id of the request, which the access log and error answers show."""
    return str(event["requestContext"]["requestId"])


def _respond_error(
    app: APIGatewayRestResolver,
    status: int,
    code: str,
    message: str,
    error: RequestError | None = None,
) -> Response[Any]:
    body: dict[str, Any] = {
        "code": code,
        "message": message,
        "requestId": request_id(app.current_event.raw_event),
    }
    if isinstance(error, InvalidRequestError):
        body["fields"] = [
            {"field": error.field, "message": error.message} for error in error.fields
        ]
    if isinstance(error, PhotoArchivedError):
        body["restore"] = error.restore
    if isinstance(error, AlreadyUploadedError):
        body["photoId"] = error.photo_id
    return Response(
        status_code=status,
        content_type=content_types.APPLICATION_JSON,
        body=json.dumps(body, ensure_ascii=False),
        headers=dict(error.headers) if error else {},
    )


# Plain messages for the errors of pydantic, whose own are made for Python programmers. Names in
# braces are those of the error's context.
_MESSAGES = {
    "bool_parsing": "must be true or false",
    "extra_forbidden": "is not a known field",
    "greater_than_equal": "must be at least {ge}",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list",
    "literal_error": "must be {expected}",
    "missing": "is required",
    "model_attributes_type": "must be a JSON object",
    "string_pattern_mismatch": "must match the pattern {pattern}",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must not be empty",
    "string_type": "must be text",
    "string_unicode": "must be valid Unicode",
    "too_long": "must have at most {max_length} items",
    "too_short": "must not be empty",
}


def _field_error(error: Mapping[str, Any]) -> FieldError:
    """Describe an error of pydantic: the field, without body, query or path, and what is wrong."""
    path = [str(part) for part in error["loc"]]
    name = (".".join(path[1:]) or path[0])[:MAX_FIELD_NAME_LENGTH]
    message = str(error["msg"]).removeprefix("Value error, ")
    if plain := _MESSAGES.get(error["type"]):
        return FieldError(name, plain.format_map(error.get("ctx", {})))
    return FieldError(name, message[:1].lower() + message[1:])
