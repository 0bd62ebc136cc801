"""A running local stack, as its clients and its operator see it."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from local.client import Client, Stack
from local.start import DEFAULT_WEB_ORIGIN
from local.state import ROOT
from tests.support.patience import PATIENCE_SECONDS

SAMPLE = next((ROOT / "local" / "sample").glob("*.jpg"))


def origin(stack: Stack) -> str:
    """The one origin that browsers may call this stack from."""
    return stack.web_url or DEFAULT_WEB_ORIGIN


def aws(stack: Stack, service: str) -> Any:
    """Return a client of the emulator as its root user: what an operator would see."""
    return stack.aws(service)


def resource(stack: Stack, logical_id: str) -> str:
    found = aws(stack, "cloudformation").describe_stack_resource(
        StackName="photodrop", LogicalResourceId=logical_id
    )
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def log_messages(stack: Stack, text: str) -> list[str]:
    """Return what the functions have written to their log with this text, oldest first.

    The emulator gives the oldest ten thousand at most, so it has to look for the text itself.
    """
    found = aws(stack, "logs").filter_log_events(
        logGroupName="/photodrop/photodrop/functions", filterPattern=f'"{text}"'
    )
    return [event["message"] for event in found["events"] if text in event["message"]]


def logged(stack: Stack, text: str) -> list[Any]:
    """Return the logger's lines with this text, oldest first."""
    lines = [json.loads(line) for line in log_messages(stack, text) if line.startswith("{")]
    return [line for line in lines if "message" in line]  # and no metrics


def until(
    condition: Callable[[], Any],
    seconds: float = PATIENCE_SECONDS,
    *,
    pause: Callable[[], None] = lambda: time.sleep(0.05),
    describe: Callable[[], str] = str,
) -> Any:
    """Return what `condition` returns as soon as that is true.

    Raises TimeoutError, with what `describe` returns, if it is not true after so many seconds.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so after {seconds} s. {describe()}")
        pause()
    return value


def assert_ends_when_it_says(
    client: Client, function: str, sign: Callable[[], tuple[str, str]]
) -> None:
    """A URL that `function` signs works until it ends, and then no more.

    `sign` returns one and when it says that it ends. Where the machine is so busy that a short life
    is over before a request has arrived, it is tried with a longer one.
    """
    for life in (4, 20, 120):
        seconds = str(life)
        with setting(
            client.stack, function, VIEW_TTL_SECONDS=seconds, DELIVERY_TTL_SECONDS=seconds
        ):
            url, expires_at = sign()
        end = datetime.fromisoformat(expires_at)
        answer = client.storage.get(url)
        if datetime.now(UTC) < end:
            break
    assert answer.status_code == 200
    until(lambda: datetime.now(UTC) > end + timedelta(seconds=1))
    assert client.storage.get(url).status_code == 403


@contextmanager
def setting(stack: Stack, function: str, **variables: str) -> Iterator[None]:
    """Run a function with other settings for a while."""
    functions, name = aws(stack, "lambda"), resource(stack, function)
    before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]

    def set_to(values: dict[str, str]) -> None:
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": values}
        )
        functions.get_waiter("function_updated_v2").wait(FunctionName=name)

    set_to(before | variables)
    try:
        yield
    finally:
        set_to(before)


def initiate(client: Client, content: bytes, **details: Any) -> Any:
    wish = {"fileName": "photo.jpg", "contentType": "image/jpeg", "sizeBytes": len(content)}
    return client.initiate(**(wish | details))


def upload(client: Client, content: bytes, **details: Any) -> Any:
    """Upload; return the photo at its end."""
    grant = initiate(client, content, **details)
    client.send(grant["upload"], content).raise_for_status()
    return client.wait(grant["photoId"])


def assert_is_error(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["code"] == code
    assert body["message"]
    assert body["requestId"]
    assert answer.headers["content-type"].startswith("application/json")
    assert re.fullmatch(r"http://localhost:\d+", answer.headers["access-control-allow-origin"])


def is_empty(sqs: Any, queue: str) -> bool:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return not any(int(counts[name]) for name in names)
