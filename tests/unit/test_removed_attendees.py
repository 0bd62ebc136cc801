"""Who was removed from an event finishes no upload into it that they began."""

import json
from importlib import import_module
from typing import Any

import pytest

from photodrop.aws.tables import Photo, Usage
from tests.support import events, pictures
from tests.support.people import ADA, GRACE
from tests.unit.test_multipart import send

pytestmark = pytest.mark.usefixtures("aws")


def ask(
    name: str, method: str, path: str, body: Any = None, *, query: dict[str, str] | None = None
) -> tuple[int, Any]:
    """Call a function as Grace; return the status and the body."""
    event = events.request(name, path=path, query=query or {}, body=body)
    event["httpMethod"] = method
    if body is None:
        event["body"] = None
    response = import_module(name).handler(GRACE.sign(event), events.CONTEXT)
    return response["statusCode"], json.loads(response["body"])


@pytest.fixture
def event_id() -> str:
    """An event of Ada's that Grace attends."""
    event_id = ADA.create_event()
    ADA.register(event_id, GRACE.email)
    return event_id


@pytest.fixture
def created(event_id: str) -> Any:
    """A multipart upload of Grace's into it."""
    metadata = {"eventId": event_id}
    body = {"filename": "a.jpg", "type": "image/jpeg", "metadata": metadata}
    status, created = ask("begin_upload", "POST", "/s3/multipart", body)
    assert status == 200
    return created


def steps(created: Any, parts: list[Any]) -> list[tuple[int, Any]]:
    """Take every step that goes on with an upload; return what is answered."""
    key, upload_id = created["key"], created["uploadId"]
    path, query = f"/s3/multipart/{upload_id}", {"key": key}
    signed = {"key": key, "uploadId": upload_id}
    return [
        ask("sign_parts", "GET", f"{path}/1", query=query),
        ask("sign_parts", "GET", f"{path}/batch", query=query | {"partNumbers": "1"}),
        ask("list_parts", "GET", path, query=query),
        ask("sign_request", "POST", "/s3/sign", signed | {"method": "PUT", "partNumber": 1}),
        ask("sign_request", "POST", "/s3/sign", signed | {"method": "GET"}),
        ask("sign_request", "POST", "/s3/sign", signed | {"method": "POST"}),
        ask("sign_request", "POST", "/s3/sign", {"key": key, "method": "POST"}),
        ask("complete_upload", "POST", f"{path}/complete", {"parts": parts}, query=query),
    ]


def test_who_belongs_to_the_event_goes_on(created: Any) -> None:
    parts = send(created, pictures.jpeg())
    assert [status for status, _ in steps(created, parts)] == [200] * 8


def test_who_was_removed_takes_no_step_further(event_id: str, created: Any) -> None:
    parts = send(created, pictures.jpeg())
    ADA.remove(event_id, GRACE.email)
    assert {(status, body["code"]) for status, body in steps(created, parts)} == {
        (404, "EventNotFound")
    }
    path = f"/photos/{created['photoId']}/status"
    status, body = ask("report_status", "PUT", path, {"status": "uploaded"})
    assert (status, body["code"]) == (404, "EventNotFound")
    assert Photo.get(created["photoId"], "photo").status == "pending"


@pytest.mark.parametrize("way", ["cancel", "report", "sign"])
def test_who_was_removed_may_still_cancel(event_id: str, created: Any, way: str) -> None:
    ADA.remove(event_id, GRACE.email)
    key, upload_id = created["key"], created["uploadId"]
    if way == "cancel":
        path = f"/s3/multipart/{upload_id}"
        assert ask("cancel_upload", "DELETE", path, query={"key": key})[0] == 200
    elif way == "report":
        path = f"/photos/{created['photoId']}/status"
        assert ask("report_status", "PUT", path, {"status": "failed"})[0] == 200
    else:
        body = {"method": "DELETE", "key": key, "uploadId": upload_id}
        assert ask("sign_request", "POST", "/s3/sign", body)[0] == 200
    assert Photo.get(created["photoId"], "photo").status == "failed"
    assert Usage.get(GRACE.user_id).held_photos == 0
