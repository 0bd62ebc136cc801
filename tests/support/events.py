"""The event files of `events/`, as they are or with something changed."""

import copy
import json
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

EVENTS = Path(__file__).parents[2] / "events"
USER = "5f0c6a52-1b7e-4a53-9a3e-2f7d0d9c4f11"
"""The `sub` of the caller in every API event file."""


def load(name: str) -> dict[str, Any]:
    """Return `events/{name}.json`."""
    return dict(json.loads((EVENTS / f"{name}.json").read_text()))


def request(
    name: str,
    *,
    path: str | None = None,
    query: dict[str, str] | None = None,
    body: Any = None,
    headers: dict[str, str] | None = None,
    user: str | None = USER,
) -> dict[str, Any]:
    """Return an API event file with these parts replaced. `user=None`: nobody is signed in."""
    event = load(name)
    if path:
        event["path"] = path
    if query is not None:
        event["queryStringParameters"] = query
        event["multiValueQueryStringParameters"] = {key: [value] for key, value in query.items()}
    if body is not None:
        event["body"] = body if isinstance(body, str) else json.dumps(body)
    for key, value in (headers or {}).items():
        event["headers"][key] = value
        event["multiValueHeaders"][key] = [value]
    if user is None:
        del event["requestContext"]["authorizer"]
    else:
        event["requestContext"]["authorizer"]["claims"]["sub"] = user
    return event


def landed(*objects: dict[str, Any]) -> dict[str, Any]:
    """Return `process_upload.json` with one message per object: its `key`, `size`, `eTag`..."""
    event = load("process_upload")
    (message,) = event["Records"]
    messages = []
    for number, item in enumerate(objects):
        copied = copy.deepcopy(message)
        notice = json.loads(copied["body"])
        notice["Records"][0]["s3"]["object"] = item
        messages.append(copied | {"messageId": f"message-{number}", "body": json.dumps(notice)})
    return {"Records": messages}


def verified(photo_id: str) -> dict[str, Any]:
    """Return `resize_thumbnails.json` for this photo."""
    event = load("resize_thumbnails")
    event["Records"][0]["body"] = json.dumps({"photoId": photo_id})
    return event


class Context(LambdaContext):
    """A Lambda context, as far as anything looks at it."""

    _function_name = "photodrop-function"
    _memory_limit_in_mb = 512
    _invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:photodrop-function"
    _aws_request_id = "52fdfc07-2182-154f-163f-5f0f9a621d72"
    seconds_left = 30.0

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]
        """Return what is left of the function's time, which stands still here."""
        return round(self.seconds_left * 1000)


CONTEXT = Context()
