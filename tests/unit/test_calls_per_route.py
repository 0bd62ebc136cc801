"""How often each route of the API calls AWS, as docs/architecture.md says."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import boto3
import pytest

from photodrop.aws import archived_objects, messages, storage
from photodrop.aws.tables import Photo
from photodrop.aws.tables.connection import CONNECTION
from photodrop.domain import lifecycle, upload_tokens
from photodrop.domain.callers import Caller
from tests.support import gateway
from tests.support.template import ROOT
from tests.unit.test_any_request import CLAIMS, GOOD
from tests.unit.test_archive import make_archived
from tests.unit.test_student_pictures import GOOD as PICTURE
from tests.unit.test_student_pictures import replace
from tests.unit.test_view_and_list_photos import make_photo

pytestmark = pytest.mark.usefixtures("aws")

Parameters = dict[str, Any]
"""What a request is made of: path parameters, and below "query" and "body" the rest of it."""

UPLOAD = GOOD["InitiateUpload"]
PART = b"x" * 100


@pytest.fixture(autouse=True)
def no_burst(settings: Callable[..., None]) -> None:
    """A token bucket that is full again at once, however fast the requests come."""
    settings(UPLOADS_PER_MINUTE=10**6)


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count the requests to AWS by operation, each attempt of a retried one too."""
    calls: Counter[str] = Counter()

    def count(request: Any, operation_name: str, **_: Any) -> None:
        calls[operation_name] += 1

    clients = [CONNECTION.client, storage._s3, messages._sqs, archived_objects._s3()]
    with ExitStack() as registered:
        for client in clients:
            client.meta.events.register_first("request-created", count)
            registered.callback(client.meta.events.unregister, "request-created", count)
        yield calls


def call(method: str, path: str, request: Parameters) -> gateway.Answer:
    body = request.get("body")
    return gateway.call(
        method,
        path,
        parameters={name: value for name, value in request.items() if f"{{{name}}}" in path},
        query=request.get("query"),
        body=None if body is None else json.dumps(body),
        claims=None if "{token}" in path else CLAIMS,
    )


def nothing() -> Parameters:
    return {}


def body(name: str) -> Callable[[], Parameters]:
    return lambda: {"body": GOOD[name]}


def event() -> Parameters:
    """An event without attendees."""
    made = call("post", "/events", {"body": GOOD["CreateEvent"]}).body
    return {"eventId": made["eventId"], "body": GOOD["EditEvent"]}


def event_to_fill() -> Parameters:
    return event() | {"body": UPLOAD}


def new_attendee() -> Parameters:
    return event() | {"email": "ada@example.com"}


def attendee() -> Parameters:
    there = new_attendee()
    call("put", "/events/{eventId}/attendees/{email}", there)
    return there


def event_photos() -> Parameters:
    there = event()
    for number in range(1, 101):
        make_photo(number, event_id=there["eventId"])
    return there | {"query": {"limit": "100"}}


def photos() -> Parameters:
    for number in range(1, 101):
        make_photo(number)
    return {"query": {"limit": "100"}}


def photo() -> Parameters:
    made = make_photo()
    storage.put_thumbnail(f"{made.key.removesuffix('.jpg')}/160.webp", b"x", "image/webp")
    return {"photoId": made.photo_id, "body": GOOD["EditPhoto"], "query": {}}


def photo_with_thumbnail() -> Parameters:
    return photo() | {"query": {"res": "160"}}


def stored_photo() -> Parameters:
    there = photo()
    found = Photo.get(there["photoId"], "photo")
    boto3.client("s3").put_object(Bucket="photodrop-uploads", Key=found.key, Body=b"x")
    return there


def archived_photo() -> Parameters:
    return {"photoId": make_archived().photo_id, "body": GOOD["RestorePhoto"]}


def pending_photo() -> Parameters:
    made = call("post", "/photos/initiate-upload", {"body": UPLOAD}).body
    boto3.client("s3").put_object(Bucket="photodrop-uploads", Key=made["key"], Body=b"x")
    return {"photoId": made["photoId"], "body": {"status": "uploaded"}}


def pending_uploads() -> Parameters:
    upload_in_parts()
    return {}


def failed_photo() -> Parameters:
    found = make_photo()
    stored = boto3.client("s3").put_object(Bucket="photodrop-uploads", Key=found.key, Body=b"x")
    found.change(status="processing", version_id=stored["VersionId"])
    lifecycle.fail_retryable(found)
    return {"photoId": found.photo_id}


def upload_in_parts() -> Parameters:
    made = call("post", "/s3/multipart", {"body": GOOD["CreateMultipartUpload"]}).body
    return {
        "uploadId": made["uploadId"],
        "partNumber": "1",
        "query": {"key": made["key"], "partNumbers": "1,2"},
    }


def upload_with_parts() -> Parameters:
    there = upload_in_parts()
    part = boto3.client("s3").upload_part(
        Bucket="photodrop-uploads",
        Key=there["query"]["key"],
        UploadId=there["uploadId"],
        PartNumber=1,
        Body=PART,
    )
    return there | {"body": {"parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}}


def form() -> Parameters:
    return {"query": {"filename": "a.jpg", "type": "image/jpeg"}}


def student() -> Parameters:
    made = call("post", "/v2/students", {"body": GOOD["WriteStudent"]}).body
    return {"studentId": made["studentId"], "body": GOOD["WriteStudent"]}


def student_with_picture() -> Parameters:
    there = student()
    replace(there["studentId"], PICTURE)
    return there


def by_token(make: Callable[[], Parameters]) -> Callable[[], Parameters]:
    caller = Caller(CLAIMS["sub"], CLAIMS["email"], frozenset())
    return lambda: make() | {"token": upload_tokens.create(caller)[0]}


REQUESTS: dict[str, Callable[[], Parameters]] = {
    "POST /photos/initiate-upload": body("InitiateUpload"),
    "POST /events/{eventId}/photos/initiate-upload": event_to_fill,
    "GET /photos": photos,
    "GET /events/{eventId}/photos": event_photos,
    "GET /photos/{photoId}": photo,
    "PATCH /photos/{photoId}": photo,
    "DELETE /photos/{photoId}": stored_photo,
    "GET /photos/{photoId}/view-url": photo,
    "GET /photos/{photoId}/thumbnail": photo_with_thumbnail,
    "PUT /photos/{photoId}/status": pending_photo,
    "POST /photos/{photoId}/restore": archived_photo,
    "POST /photos/{photoId}/retry": failed_photo,
    "POST /photos/retry": failed_photo,
    "GET /uploads": pending_uploads,
    "POST /upload-tokens": nothing,
    "GET /s3/params": form,
    "POST /s3/multipart": body("CreateMultipartUpload"),
    "GET /s3/multipart/{uploadId}": upload_with_parts,
    "GET /s3/multipart/{uploadId}/{partNumber}": upload_in_parts,
    "GET /s3/multipart/{uploadId}/batch": upload_in_parts,
    "POST /s3/multipart/{uploadId}/complete": upload_with_parts,
    "DELETE /s3/multipart/{uploadId}": upload_in_parts,
    "GET /u/{token}/s3/params": by_token(form),
    "POST /u/{token}/s3/multipart": by_token(body("CreateMultipartUpload")),
    "GET /u/{token}/s3/multipart/{uploadId}": by_token(upload_with_parts),
    "GET /u/{token}/s3/multipart/{uploadId}/{partNumber}": by_token(upload_in_parts),
    "GET /u/{token}/s3/multipart/{uploadId}/batch": by_token(upload_in_parts),
    "POST /u/{token}/s3/multipart/{uploadId}/complete": by_token(upload_with_parts),
    "DELETE /u/{token}/s3/multipart/{uploadId}": by_token(upload_in_parts),
    "POST /s3/sign": body("SignRequest"),
    "POST /events": body("CreateEvent"),
    "GET /events": event,
    "GET /events/{eventId}": event,
    "PATCH /events/{eventId}": event,
    "DELETE /events/{eventId}": event,
    "GET /events/{eventId}/attendees": attendee,
    "PUT /events/{eventId}/attendees/{email}": new_attendee,
    "DELETE /events/{eventId}/attendees/{email}": attendee,
    "POST /v2/students": body("WriteStudent"),
    "GET /v2/students": student_with_picture,
    "GET /v2/students/{studentId}": student_with_picture,
    "PUT /v2/students/{studentId}": student_with_picture,
    "DELETE /v2/students/{studentId}": student_with_picture,
    "GET /v2/students/{studentId}/picture-upload-url": student_with_picture,
    "GET /v2/students/{studentId}/picture-view-url": student_with_picture,
    "DELETE /v2/students/{studentId}/picture": student_with_picture,
    "GET /openapi.json": nothing,
    "GET /docs": nothing,
    "GET /docs/{asset}": lambda: {"asset": "page.js"},
}
"""A usual request to each route. What it needs is made first, and is not counted."""


def documented() -> dict[str, Counter[str]]:
    """Read the table: `| GET /photos | Query |` or `| ... | GetItem, 2 PutObject |`."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    section = text.partition("## What each route asks of AWS")[2].partition("\n## ")[0]
    found = {}
    for route, calls in re.findall(r"^\| `([A-Z]+ /\S*)` \| (.*) \|$", section, re.MULTILINE):
        each = re.findall(r"(?:(\d+) )?([A-Z]\w+)", calls)
        found[route] = Counter({name: int(number or 1) for number, name in each})
    return found


def test_every_route_is_counted_and_described() -> None:
    routes = {f"{method.upper()} {path}" for method, path in gateway.routes()}
    assert set(REQUESTS) == routes
    assert set(documented()) == routes


@pytest.mark.parametrize("route", REQUESTS)
def test_a_route_makes_the_calls_that_are_described(route: str) -> None:
    method, path = route.split()
    request = REQUESTS[route]()
    with counted() as calls:
        answer = call(method.lower(), path, request)
    assert answer.status < 300, answer.text
    assert calls == documented()[route]


@pytest.mark.parametrize("route", ["GET /photos", "GET /events/{eventId}/photos"])
def test_a_list_of_a_hundred_photos_is_one_query(route: str) -> None:
    method, path = route.split()
    request = REQUESTS[route]()
    with counted() as calls:
        answer = call(method.lower(), path, request)
    assert len(answer.body["items"]) == 100
    assert calls["Query"] == 1


@pytest.mark.parametrize(
    ("uploads_per_minute", "more", "asked"),
    [
        (10**6, {}, ["TransactWriteItems"]),
        (10**6, {"checksumSha256": "0" * 64}, ["Query", "TransactWriteItems"]),
        (60, {}, ["TransactWriteItems", "TransactWriteItems"]),
    ],
    ids=["usually", "with a checksum", "in a burst"],
)
def test_an_upload_is_granted_in_two_round_trips_at_most(
    settings: Callable[..., None], uploads_per_minute: int, more: dict[str, Any], asked: list[str]
) -> None:
    settings(UPLOADS_PER_MINUTE=uploads_per_minute)
    call("post", "/photos/initiate-upload", {"body": UPLOAD})
    with counted() as calls:
        answer = call("post", "/photos/initiate-upload", {"body": UPLOAD | more})
    assert answer.status == 201
    assert list(calls.elements()) == asked
