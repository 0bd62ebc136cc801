"""Events over real HTTP, against the deployed local stack.

Ada organizes, Grace and Alan are guests; every test makes events of its own.
"""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from local.client import Client, Stack
from tests.local.test_multipart import Upload
from tests.support import pictures
from tests.support.running_stack import assert_is_error, aws, resource, until

NOWHERE = "0b6f6c1e-3f0a-4b43-9a43-6d0f3a1f5c77"


def sub(client: Client) -> str:
    """The user's id, from their token."""
    claims = client.api.headers["Authorization"].split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"])


def make_event(organizer: Client, **details: Any) -> Any:
    answer = organizer.api.post("/events", json={"name": "Party"} | details)
    assert answer.status_code == 201, answer.text
    return answer.json()


def register(organizer: Client, event_id: str, email: str) -> httpx.Response:
    return organizer.api.put(f"/events/{event_id}/attendees/{quote(email, safe='')}")


def remove(organizer: Client, event_id: str, email: str) -> httpx.Response:
    return organizer.api.delete(f"/events/{event_id}/attendees/{quote(email, safe='')}")


def initiate(client: Client, event_id: str, content: bytes, **details: Any) -> Any:
    wish = {"fileName": "photo.jpg", "contentType": "image/jpeg", "sizeBytes": len(content)}
    return client.initiate(f"/events/{event_id}/photos/initiate-upload", **(wish | details))


def upload(client: Client, event_id: str, **details: Any) -> Any:
    """Upload a photo to an event; return it at its end."""
    content = pictures.jpeg()
    grant = initiate(client, event_id, content, **details)
    assert grant["key"] == f"uploads/event_{event_id}/{grant['photoId']}.jpg"
    client.send(grant["upload"], content).raise_for_status()
    photo = client.wait(grant["photoId"])
    assert photo["status"] == "completed", photo["failure"]
    return photo


def ids(answer: httpx.Response, name: str) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item[name] for item in answer.json()["items"]]


def routes(event_id: str) -> list[tuple[str, str, Any]]:
    """Every route of an event."""
    at = f"/events/{event_id}"
    wish = {"fileName": "a.jpg", "contentType": "image/jpeg", "sizeBytes": 1}
    return [
        ("GET", at, None),
        ("PATCH", at, {"name": "Mine"}),
        ("DELETE", at, None),
        ("GET", f"{at}/attendees", None),
        ("PUT", f"{at}/attendees/eve@example.com", None),
        ("DELETE", f"{at}/attendees/grace@example.com", None),
        ("GET", f"{at}/photos", None),
        ("POST", f"{at}/photos/initiate-upload", wish),
    ]


def assert_sees_nothing(client: Client, event_id: str) -> None:
    for method, path, body in routes(event_id):
        answer = client.api.request(method, path, json=body)
        assert_is_error(answer, 404, "EventNotFound")
    assert event_id not in ids(client.api.get("/events"), "eventId")


def objects(stack: Stack, event_id: str) -> int:
    """How many versions of originals and thumbnails an event has."""
    s3, prefix = aws(stack, "s3"), f"uploads/event_{event_id}/"
    originals = s3.list_object_versions(Bucket=stack.uploads_bucket, Prefix=prefix)
    thumbnails = s3.list_objects_v2(Bucket=stack.thumbnails_bucket, Prefix=prefix)
    found = [originals.get("Versions"), originals.get("DeleteMarkers"), thumbnails.get("Contents")]
    return sum(len(kind or []) for kind in found)


def rows(stack: Stack, event_id: str) -> int:
    """How many rows of the events' table an event has."""
    found = aws(stack, "dynamodb").query(
        TableName=resource(stack, "EventsTable"),
        KeyConditionExpression="eventId = :event",
        ExpressionAttributeValues={":event": {"S": event_id}},
    )
    return int(found["Count"])


def test_attendees_and_only_they_share_photos_of_an_event(
    ada: Client, grace: Client, alan: Client, anonymous: Client
) -> None:
    event = make_event(
        ada, name="Party", description="In the garden", startsAt="2026-05-01T18:00:00+02:00"
    )
    event_id = event["eventId"]
    assert set(event) == {
        "eventId", "name", "description", "startsAt", "organizerId", "createdAt",
    }  # fmt: skip
    assert event["organizerId"] == sub(ada)
    assert_sees_nothing(grace, event_id)

    registered = register(ada, event_id, "grace@example.com")
    assert registered.status_code == 200
    assert registered.json()["email"] == "grace@example.com"
    assert grace.api.get(f"/events/{event_id}").json() == event
    assert ids(grace.api.get("/events"), "eventId")[0] == event_id
    assert ids(ada.api.get("/events"), "eventId")[0] == event_id

    details = {"title": "Sunset", "description": "Over the lake", "tags": ["Lake"]}
    photo = upload(grace, event_id, **details)
    assert (photo["eventId"], photo["title"]) == (event_id, "Sunset")
    assert photo["description"] == "Over the lake"
    other = upload(ada, event_id, title="Cake")
    for who in (ada, grace):
        listed = who.api.get(f"/events/{event_id}/photos")
        assert ids(listed, "photoId") == [other["photoId"], photo["photoId"]]
        assert [item["title"] for item in listed.json()["items"]] == ["Cake", "Sunset"]
        assert listed.json()["items"][1]["description"] == "Over the lake"
        for item in listed.json()["items"]:
            assert len(item["thumbnails"]) == 3
            assert who.storage.get(item["thumbnails"][0]["url"]).status_code == 200
        query = {"tag": "lake", "status": "completed"}
        tagged = who.api.get(f"/events/{event_id}/photos", params=query)
        assert ids(tagged, "photoId") == [photo["photoId"]]
        for one in (photo, other):
            view = who.api.get(f"/photos/{one['photoId']}/view-url").json()["url"]
            assert who.storage.get(view).content == pictures.jpeg()

    assert_sees_nothing(alan, event_id)
    for path in (f"/photos/{photo['photoId']}", f"/photos/{photo['photoId']}/view-url"):
        assert_is_error(alan.api.get(path), 404, "PhotoNotFound")
    for method, path, body in routes(event_id):
        answer = anonymous.api.request(method, path, json=body)
        assert_is_error(answer, 401, "Unauthorized")


def test_events_that_are_not_are_404_on_every_route(ada: Client) -> None:
    assert_sees_nothing(ada, NOWHERE)


def test_only_organizers_create_events(grace: Client) -> None:
    assert_is_error(grace.api.post("/events", json={"name": "Party"}), 403, "Forbidden")


def test_wrong_fields_of_an_event_are_named(ada: Client) -> None:
    answer = ada.api.post("/events", json={"name": "", "startsAt": "tomorrow", "colour": "red"})
    assert_is_error(answer, 400, "InvalidRequest")
    named = {field["field"] for field in answer.json()["fields"]}
    assert named == {"name", "startsAt", "colour"}


def test_the_organizer_edits_and_an_attendee_may_not(ada: Client, grace: Client) -> None:
    event = make_event(ada, description="In the garden")
    path = f"/events/{event['eventId']}"
    register(ada, event["eventId"], "grace@example.com")
    edited = ada.api.patch(path, json={"name": "Garden party", "description": None})
    assert edited.json() == event | {"name": "Garden party", "description": None}
    assert grace.api.get(path).json() == edited.json()
    for method, route, body in routes(event["eventId"])[1:6]:
        assert_is_error(grace.api.request(method, route, json=body), 403, "Forbidden")


def test_a_removed_attendee_is_out_at_once_and_their_photos_stay(
    ada: Client, grace: Client
) -> None:
    event_id = make_event(ada)["eventId"]
    for _ in range(2):
        assert register(ada, event_id, "grace@example.com").status_code == 200
    photo, other = upload(grace, event_id), upload(ada, event_id)
    for _ in range(2):
        assert remove(ada, event_id, "grace@example.com").status_code == 204
    assert_sees_nothing(grace, event_id)
    assert_is_error(grace.api.get(f"/photos/{other['photoId']}"), 404, "PhotoNotFound")
    assert ids(ada.api.get(f"/events/{event_id}/photos"), "photoId") == [
        other["photoId"],
        photo["photoId"],
    ]
    assert grace.api.get(f"/photos/{photo['photoId']}").status_code == 200
    assert photo["photoId"] in ids(grace.api.get("/photos"), "photoId")


def test_a_removed_attendee_finishes_no_upload_that_they_began(ada: Client, grace: Client) -> None:
    event_id = make_event(ada)["eventId"]
    register(ada, event_id, "grace@example.com").raise_for_status()
    content = pictures.jpeg(40, 30)
    begun = Upload(grace, eventId=event_id, sizeBytes=len(content))
    parts = begun.send_all([content])
    assert begun.parts().status_code == 200
    remove(ada, event_id, "grace@example.com").raise_for_status()
    for answer in (begun.sign(1), begun.parts(), begun.complete(parts)):
        assert_is_error(answer, 404, "EventNotFound")
    assert begun.cancel().status_code == 200

    register(ada, event_id, "grace@example.com").raise_for_status()
    back = Upload(grace, eventId=event_id, sizeBytes=len(content))
    assert back.complete(back.send_all([content])).status_code == 200


@pytest.mark.parametrize("email", ["GRACE@example.com", "Grace@Example.Com"])
def test_emails_are_the_same_in_any_case(ada: Client, grace: Client, email: str) -> None:
    event_id = make_event(ada)["eventId"]
    assert register(ada, event_id, email).json()["email"] == "grace@example.com"
    assert grace.api.get(f"/events/{event_id}").status_code == 200
    assert remove(ada, event_id, email.swapcase()).status_code == 204
    assert grace.api.get(f"/events/{event_id}").status_code == 404


def test_emails_of_all_kinds_are_registered_and_listed(ada: Client) -> None:
    event_id = make_event(ada)["eventId"]
    emails = ["a+b@example.com", "grüße@exämple.de", "o'neil@example.com", "日本@例え.jp"]
    for email in emails:
        assert register(ada, event_id, email).json()["email"] == email
    page = ada.api.get(f"/events/{event_id}/attendees", params={"limit": 3}).json()
    rest = ada.api.get(
        f"/events/{event_id}/attendees", params={"limit": 3, "cursor": page["nextCursor"]}
    ).json()
    assert [attendee["email"] for attendee in page["items"] + rest["items"]] == sorted(emails)
    assert rest["nextCursor"] is None
    for email in emails:
        assert remove(ada, event_id, email).status_code == 204
    assert ids(ada.api.get(f"/events/{event_id}/attendees"), "email") == []
    for wrong in ("grace", "a b@example.com", "@example.com", "a@b@example.com"):
        assert_is_error(register(ada, event_id, wrong), 400, "InvalidRequest")


def test_the_organizer_deletes_any_photo_of_the_event(
    ada: Client, grace: Client, alan: Client, stack: Stack
) -> None:
    event_id = make_event(ada)["eventId"]
    for email in ("grace@example.com", "alan@example.com"):
        register(ada, event_id, email)
    photo = upload(grace, event_id)
    path = f"/photos/{photo['photoId']}"
    assert_is_error(alan.api.delete(path), 403, "Forbidden")
    assert_is_error(ada.api.patch(path, json={"title": "x"}), 403, "Forbidden")
    for who in (ada, ada, grace):
        assert who.api.delete(path).status_code == 204
    assert_is_error(grace.api.get(path), 404, "PhotoNotFound")
    assert ids(grace.api.get(f"/events/{event_id}/photos"), "photoId") == []
    assert objects(stack, event_id) == 0


def test_the_same_idempotency_key_is_one_photo_of_the_event(ada: Client) -> None:
    event_id, content = make_event(ada)["eventId"], pictures.jpeg()
    key = f"key-{event_id}"
    first = initiate(ada, event_id, content, idempotency_key=key)
    assert initiate(ada, event_id, content, idempotency_key=key)["photoId"] == first["photoId"]
    assert ids(ada.api.get(f"/events/{event_id}/photos"), "photoId") == [first["photoId"]]


def test_an_event_is_deleted_with_all_its_photos(ada: Client, grace: Client, stack: Stack) -> None:
    event_id = make_event(ada)["eventId"]
    register(ada, event_id, "grace@example.com")
    for number in range(30):
        register(ada, event_id, f"guest-{number}@example.com")
    with ThreadPoolExecutor(4) as pool:
        photos = list(pool.map(lambda _: upload(grace, event_id, tags=["lake"]), range(30)))
    assert len(ids(ada.api.get(f"/events/{event_id}/photos"), "photoId")) == 30
    assert objects(stack, event_id) == 30 * 4
    assert rows(stack, event_id) == 32

    answer = ada.api.delete(f"/events/{event_id}", params={"photos": "delete"})
    assert (answer.status_code, answer.json()) == (
        202,
        {"eventId": event_id, "status": "deleting", "photos": "deleted"},
    )
    for who in (ada, grace):
        assert who.api.get(f"/events/{event_id}").status_code == 404
        assert who.api.get(f"/events/{event_id}/photos").status_code == 404
        assert event_id not in ids(who.api.get("/events"), "eventId")
    until(lambda: objects(stack, event_id) == 0)
    until(lambda: rows(stack, event_id) <= 1)
    gone = {photo["photoId"] for photo in photos}
    until(lambda: not gone & set(ids(grace.api.get("/photos", params={"limit": 100}), "photoId")))
    for photo_id in list(gone)[:3]:
        assert_is_error(grace.api.get(f"/photos/{photo_id}"), 404, "PhotoNotFound")
    # The last look comes a minute later, and takes the event's own row.


def test_an_event_is_deleted_and_its_photos_stay_with_their_owners(
    ada: Client, grace: Client, stack: Stack
) -> None:
    event_id = make_event(ada)["eventId"]
    register(ada, event_id, "grace@example.com")
    photo = upload(grace, event_id)
    answers = [ada.api.delete(f"/events/{event_id}") for _ in range(2)]
    for answer in answers:
        assert answer.status_code == 202, "again, while it goes on"
        assert answer.json()["photos"] == "kept"
    until(lambda: rows(stack, event_id) == 1)
    assert_sees_nothing(grace, event_id)
    assert_is_error(ada.api.get(f"/photos/{photo['photoId']}"), 404, "PhotoNotFound")
    kept = grace.api.get(f"/photos/{photo['photoId']}").json()
    assert (kept["status"], kept["eventId"]) == ("completed", event_id)
    assert photo["photoId"] in ids(grace.api.get("/photos"), "photoId")
    assert objects(stack, event_id) == 4
