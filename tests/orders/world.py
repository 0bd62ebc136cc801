"""AWS with the stack in it, as moto plays it: what has landed, what waits in queues, what is due.

Everything that an operation can see is here, and can be put back to where it was. So each order
begins with the same state.
"""

import copy
import importlib
import json
import random
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch
from urllib.parse import quote_plus

import boto3
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_api._internal import mock_random

from photodrop import queue_handler
from tests.orders import fakes, scheduler
from tests.orders.clock import Clock
from tests.support import events, fake_aws
from tests.support.people import Person

UPLOADS, THUMBNAILS = "photodrop-uploads", "photodrop-thumbnails"
FUNCTIONS = {
    "uploads": "process_upload",
    "thumbnails": "resize_thumbnails",
    "videos": "process_video",
    "purge": "purge_event",
}
"""The function of each queue."""

READS = ("Get", "Head", "List", "Query", "Scan", "BatchGet")

MAX_RECEIVES = 5
"""After so many tries a message goes to the dead-letter queue."""

_call = BaseClient._make_api_call


@dataclass(frozen=True)
class Message:
    """A message in a queue. `receives` is how often a function has had it in vain."""

    queue: str
    body: str
    receives: int = 0


@dataclass(frozen=True)
class Answer:
    """What an operation was told."""

    name: str
    status: int
    body: Any


@dataclass
class World:
    """The state of one run beside what moto keeps."""

    clock: Clock
    waiting: list[Message] = field(default_factory=list)
    """Messages that can be delivered now."""
    later: list[Message] = field(default_factory=list)
    """Messages that come again once every function that may still run has ended, or are delayed."""
    dead: list[Message] = field(default_factory=list)
    sent: list[Message] = field(default_factory=list)
    """Every message that ever was sent: each may come a second time."""
    answers: list[Answer] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    """What the scene has made: ids and keys."""
    calls: int = 0
    watch: Callable[[], None] | None = None
    """Called after each write."""

    # What clients do.

    def ask(  # noqa: PLR0917 - a request has so many parts
        self, name: str, person: Person, function: str, method: str, path: str, body: Any = None,
        *, idempotency_key: str | None = None, **query: str,
    ) -> Answer:  # fmt: skip
        """Send a request, and keep its answer."""
        headers = {"Content-Type": "application/json"}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        event = events.request(function, path=path, query=query, body=body, headers=headers)
        event["httpMethod"] = method
        if body is None:
            event["body"] = None
        response = importlib.import_module(function).handler(person.sign(event), events.CONTEXT)
        content = json.loads(response["body"] or "null")
        answer = Answer(name, response["statusCode"], content)
        self.answers.append(answer)
        return answer

    def put(self, key: str, content: bytes, *, once: bool = True) -> bool:
        """Send a file by a grant. Returns False if S3 refuses it."""
        if self.clock.now >= self.facts.get("granted until", float("inf")):
            return False
        condition = {"IfNoneMatch": "*"} if once else {}
        try:
            boto3.client("s3").put_object(Bucket=UPLOADS, Key=key, Body=content, **condition)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 412:
                raise
            return False
        return True

    # What queues do.

    def work(self) -> None:
        """Deliver what waits, and what is sent meanwhile, until nothing does."""
        while self.waiting:
            self.deliver(self.waiting.pop(0))

    def deliver(self, message: Message) -> None:
        """Deliver a message. If it is not handled, it comes again or goes to the dead letters."""
        message = replace(message, receives=message.receives + 1)
        try:
            is_handled = self._handle(message)
        except scheduler.KilledError:
            is_handled = False
            raise
        finally:
            if not is_handled:
                (self.dead if message.receives >= MAX_RECEIVES else self.later).append(message)

    def _handle(self, message: Message) -> bool:
        name = FUNCTIONS[message.queue]
        module: Any = importlib.import_module(name)
        # Each delivery has an entry point of its own, as it has a process of its own on AWS.
        handler = queue_handler.handler(
            module.process_message, count_try=getattr(module, "count_try", None)
        )
        event = events.load(name)
        record = event["Records"][0]
        record["body"] = message.body
        record["attributes"]["ApproximateReceiveCount"] = str(message.receives)
        return not handler(event, events.CONTEXT)["batchItemFailures"]

    def send(self, queue: str, body: Any, *, delayed: bool = False) -> None:
        """Put a message into a queue."""
        message = Message(queue, body if isinstance(body, str) else json.dumps(body))
        (self.later if delayed else self.waiting).append(message)
        self.sent.append(message)

    # What AWS does.

    def call(self, client: Any, operation: str, arguments: Any) -> Any:
        """Answer a call of AWS. S3's events and the messages of queues are kept here."""
        self.calls += 1
        if operation == "SendMessage":
            queue = arguments["QueueUrl"].rpartition("/")[2]
            delayed = bool(arguments.get("DelaySeconds"))
            self.send(queue, arguments["MessageBody"], delayed=delayed)
            return {"MessageId": "message"}
        if operation in {"UploadPart", "CompleteMultipartUpload"}:
            _require_possible(arguments)
        try:
            answer = _call(client, operation, arguments)
        finally:
            if self.watch and not operation.startswith(READS):
                self.watch()
        stores = operation in {"PutObject", "CompleteMultipartUpload"}
        if stores and arguments["Bucket"] == UPLOADS:
            self._tell(arguments["Key"], answer)
        return answer

    def _tell(self, key: str, stored: Any) -> None:
        size = len(bucket(UPLOADS).keys[key].value)
        described = {
            "key": quote_plus(key),
            "size": size,
            "eTag": stored["ETag"].strip('"'),
            "versionId": stored["VersionId"],
        }
        event = {"eventName": "ObjectCreated:Put", "s3": {"object": described}}
        self.send("uploads", {"Records": [event]})

    def expire_object(self, key: str) -> None:
        """Do what the bucket's lifecycle does in the end: hide the object, and say so."""
        boto3.client("s3").delete_object(Bucket=UPLOADS, Key=key)
        event = {"eventName": "LifecycleExpiration:DeleteMarkerCreated"}
        described = {"key": quote_plus(key), "versionId": "marker", "eTag": ""}
        self.send("uploads", {"Records": [event | {"s3": {"object": described}}]})

    def abort_empty_parts(self) -> None:
        """Do what the bucket's lifecycle does after some days, where no part was ever sent."""
        uploads = bucket(UPLOADS).multiparts
        for upload_id in [one for one, upload in uploads.items() if not upload.parts]:
            del uploads[upload_id]

    # Where it was.

    def save(self) -> "Saved":
        """Return everything as it is now."""
        self.watch = None
        return copy.deepcopy(({name: vars(backend) for name, backend in _backends()}, vars(self)))

    def restore(self, saved: "Saved", seed: int = 0) -> None:
        """Put everything back. New ids and versions are the same each time, too."""
        backends, own = copy.deepcopy(saved, {id(saved[1]["clock"]): self.clock})
        for name, backend in _backends():
            vars(backend).update(backends[name])
        now = saved[1]["clock"].now
        vars(self).update(own)
        self.clock.now = now
        mock_random.seed(seed)
        _ids.seed(seed)


Saved = tuple[dict[str, dict[str, Any]], dict[str, Any]]
_ids = random.Random()


def _backends() -> Iterator[tuple[str, Any]]:
    for name, place in (("s3", "aws"), ("dynamodb", fake_aws.REGION)):
        service: Any = name
        yield name, get_backend(service)[DEFAULT_ACCOUNT_ID][place]


def bucket(name: str) -> Any:
    """Return a bucket as moto keeps it."""
    return dict(_backends())["s3"].buckets[name]


def table(name: str) -> Any:
    """Return a table as moto keeps it."""
    return dict(_backends())["dynamodb"].tables[name]


def _require_possible(arguments: Any) -> None:
    """Refuse a part or a completion where S3 does: moto crashes, or does not look."""
    uploads = bucket(UPLOADS)
    if arguments["UploadId"] not in uploads.multiparts:
        raise _client_error("NoSuchUpload", 404)
    if arguments.get("IfNoneMatch") and uploads.keys.get(arguments["Key"]) is not None:
        raise _client_error("PreconditionFailed", 412)


def _client_error(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "CompleteMultipartUpload")


@contextmanager
def play() -> Iterator[World]:
    """Play AWS, empty, with a clock that stands still and pictures that are quickly made."""
    world = World(Clock())

    def paused_call(client: Any, operation: str, arguments: Any, *_: Any) -> Any:
        scheduler.pause()
        return world.call(client, operation, arguments)

    def next_id() -> uuid.UUID:
        return uuid.UUID(int=_ids.getrandbits(128), version=4)

    with ExitStack() as stack:
        stack.enter_context(fake_aws.stack())
        stack.enter_context(world.clock.in_place())
        stack.enter_context(fakes.in_place(world.clock))
        stack.enter_context(patch("uuid.uuid4", next_id))
        stack.enter_context(patch.object(BaseClient, "_make_api_call", paused_call))
        yield world


Operation = Callable[[World], Any]
