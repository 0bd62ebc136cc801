"""Photos of events: who may send, see and delete them."""

from collections.abc import Callable
from typing import Any

import pytest

import thumbnail_photo
from photodrop.aws.tables import Photo, Tombstone, Usage
from photodrop.domain import lifecycle
from photodrop.status import Status
from tests.support import events
from tests.support.people import ADA, ALAN, GRACE, WISH, Person

pytestmark = pytest.mark.usefixtures("aws")

STAFF = Person("staff-0001", "staff@example.com", "staff")


@pytest.fixture
def event_id() -> str:
    """An event of Ada's that Grace attends."""
    event_id = ADA.create_event()
    ADA.register(event_id, GRACE.email)
    return event_id


def view(who: Person, photo_id: str, ending: str = "") -> int:
    return who.call("view_photo", "GET", f"/photos/{photo_id}{ending}")[0]


def delete(who: Person, photo_id: str) -> int:
    return who.call("delete_photo", "DELETE", f"/photos/{photo_id}")[0]


def test_attendees_and_the_organizer_upload(event_id: str) -> None:
    for who in (ADA, GRACE):
        status, body = who.ask("POST", f"/{event_id}/photos/initiate-upload", WISH)
        assert status == 201
        assert body["key"] == f"uploads/event_{event_id}/{body['photoId']}.jpg"
        photo = Photo.get(body["photoId"], "photo")
        assert (photo.event_id, photo.owner_id) == (event_id, who.user_id)
        assert Usage.get(who.user_id).held_photos == 1
        assert body["upload"]["method"] == "PUT"


def test_an_outsider_is_charged_nothing(event_id: str) -> None:
    assert ALAN.ask("POST", f"/{event_id}/photos/initiate-upload", WISH)[0] == 404
    with pytest.raises(Usage.DoesNotExist):
        Usage.get(ALAN.user_id)


def test_an_idempotency_key_is_for_one_event(event_id: str) -> None:
    path = f"/{event_id}/photos/initiate-upload"
    first = GRACE.ask("POST", path, WISH, key="a")
    assert GRACE.ask("POST", path, WISH, key="a")[1]["photoId"] == first[1]["photoId"]
    other = ADA.create_event()
    ADA.register(other, GRACE.email)
    status, body = GRACE.ask("POST", f"/{other}/photos/initiate-upload", WISH, key="a")
    assert (status, body["code"]) == (409, "IdempotencyKeyReused")
    ADA.remove(event_id, GRACE.email)
    assert GRACE.ask("POST", path, WISH, key="a")[0] == 404


def test_a_file_that_is_at_the_event_already_is_not_sent_again(event_id: str) -> None:
    wish = WISH | {"checksumSha256": "ab" * 32}
    path = f"/{event_id}/photos/initiate-upload"
    _, grant = GRACE.ask("POST", path, wish)
    photo = Photo.get(grant["photoId"], "photo")
    for status in (Status.UPLOADED, Status.PROCESSING, Status.COMPLETED):
        assert lifecycle.advance(photo, status)
    status, same = GRACE.ask("POST", path, wish)
    assert (status, same["photoId"], same["eventId"]) == (200, photo.photo_id, event_id)
    assert ADA.ask("POST", path, wish)[0] == 201, "theirs is not hers"
    own = GRACE.call("initiate_upload", "POST", "/photos/initiate-upload", wish)
    assert own[0] == 201, "another place"
    ADA.remove(event_id, GRACE.email)
    assert GRACE.ask("POST", path, wish)[0] == 404


def test_everyone_at_the_event_sees_the_list_and_each_photo(event_id: str) -> None:
    wish: dict[str, Any] = WISH | {"title": "Sunset", "tags": ["Lake"]}
    _, grant = GRACE.ask("POST", f"/{event_id}/photos/initiate-upload", wish)
    by_ada = ADA.begin_upload(event_id)
    for who in (ADA, GRACE):
        status, page = who.ask("GET", f"/{event_id}/photos")
        assert status == 200
        assert {photo["photoId"] for photo in page["items"]} == {grant["photoId"], by_ada}
        for query in ({"tag": "LAKE"}, {"tag": "lake", "status": "pending"}):
            (photo,) = who.ask("GET", f"/{event_id}/photos", **query)[1]["items"]
            assert (photo["title"], photo["eventId"]) == ("Sunset", event_id)
        assert who.ask("GET", f"/{event_id}/photos", status="completed")[1]["items"] == []
        assert view(who, by_ada) == 200
        assert view(who, by_ada, "/view-url") == 409, "it is pending, but seen"
    assert view(ALAN, by_ada) == 404
    assert view(STAFF, by_ada) == 200


def test_an_events_photos_come_in_pages(event_id: str) -> None:
    made = [GRACE.begin_upload(event_id) for _ in range(3)]
    _, first = GRACE.ask("GET", f"/{event_id}/photos", limit="2")
    _, second = ADA.ask("GET", f"/{event_id}/photos", limit="2", cursor=first["nextCursor"])
    seen = [photo["photoId"] for page in (first, second) for photo in page["items"]]
    assert sorted(seen) == sorted(made)
    assert second["nextCursor"] is None


def all_pages(event_id: str, **query: str) -> list[str]:
    """Return the ids of all photos of an event's list, read in pages of two."""
    found, cursor = [], {}
    while True:
        _, page = GRACE.ask("GET", f"/{event_id}/photos", limit="2", **query, **cursor)
        found += [photo["photoId"] for photo in page["items"]]
        if page["nextCursor"] is None:
            return found
        assert len(page["items"]) == 2, "only the last page is short"
        cursor = {"cursor": page["nextCursor"]}


def test_an_events_list_that_is_spread_over_shards_is_one_list(
    event_id: str, settings: Callable[..., None]
) -> None:
    settings(EVENT_LIST_SHARDS=4)
    with_tag = WISH | {"tags": ["lake"]}
    made = [
        GRACE.ask("POST", f"/{event_id}/photos/initiate-upload", with_tag)[1]["photoId"]
        for _ in range(24)
    ]
    photos = [Photo.get(photo_id, "photo") for photo_id in made]
    assert len({photo.event_list for photo in photos}) == 4
    assert lifecycle.advance(photos[0], Status.UPLOADED)
    newest_first = [one.photo_id for one in sorted(photos, key=lambda one: one.list_order)][::-1]
    assert all_pages(event_id) == all_pages(event_id, tag="lake") == newest_first
    assert all_pages(event_id, status="uploaded") == made[:1]
    pending = [photo_id for photo_id in newest_first if photo_id != made[0]]
    assert all_pages(event_id, status="pending", tag="lake") == pending


def test_photos_from_before_the_shards_stay_in_the_list_and_move_when_they_change(
    event_id: str, settings: Callable[..., None]
) -> None:
    before = [GRACE.begin_upload(event_id) for _ in range(8)]
    settings(EVENT_LIST_SHARDS=4)
    after = [GRACE.begin_upload(event_id) for _ in range(8)]
    assert sorted(all_pages(event_id)) == sorted(before + after)
    for photo_id in before:
        assert lifecycle.advance(Photo.get(photo_id, "photo"), Status.UPLOADED)
    assert len({Photo.get(photo_id, "photo").event_list for photo_id in before}) > 1
    assert sorted(all_pages(event_id)) == sorted(before + after)
    assert sorted(all_pages(event_id, status="uploaded")) == sorted(before)


def test_a_removed_uploader_keeps_their_own_photos_and_sees_no_others(event_id: str) -> None:
    own, other = GRACE.begin_upload(event_id), ADA.begin_upload(event_id)
    ADA.remove(event_id, GRACE.email)
    assert view(GRACE, own) == 200
    assert view(GRACE, other) == 404
    listed = GRACE.call("list_photos", "GET", "/photos")[1]["items"]
    assert [photo["photoId"] for photo in listed] == [own]
    assert view(ADA, own) == 200
    assert delete(GRACE, own) == 204


def test_only_its_owner_edits_a_photo_or_reports_on_it(event_id: str) -> None:
    photo_id = GRACE.begin_upload(event_id)
    for who, expected in ((ADA, 403), (ALAN, 404), (GRACE, 200)):
        path = f"/photos/{photo_id}"
        assert who.call("edit_photo", "PATCH", path, {"title": "x"})[0] == expected
        body = {"status": "failed"}
        assert who.call("report_status", "PUT", f"{path}/status", body)[0] == expected


def test_the_organizer_deletes_any_photo_of_the_event_and_again(event_id: str) -> None:
    photo_id = GRACE.begin_upload(event_id)
    assert delete(ALAN, photo_id) == 404
    assert [delete(ADA, photo_id) for _ in range(2)] == [204, 204]
    assert delete(GRACE, photo_id) == 204, "its owner, too, is told of it"
    assert delete(ALAN, photo_id) == 404
    assert Tombstone.get(photo_id, "deleted").event_id == event_id
    assert Usage.get(GRACE.user_id).held_photos == 0


def test_an_attendee_deletes_no_photo_of_anybody_else(event_id: str) -> None:
    photo_id = ADA.begin_upload(event_id)
    assert delete(GRACE, photo_id) == 403
    assert delete(STAFF, photo_id) == 403
    assert delete(ADA, photo_id) == 204
    assert delete(GRACE, photo_id) == 404


def test_organizers_of_other_events_may_nothing(event_id: str) -> None:
    photo_id = GRACE.begin_upload(event_id)
    joan = Person("joan-0001", "joan@example.com", "organizers")
    joan.create_event()
    assert (view(joan, photo_id), delete(joan, photo_id)) == (404, 404)


def test_ones_own_photo_is_found_without_a_look_at_events(
    event_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo_id = GRACE.begin_upload(event_id)
    monkeypatch.setattr("photodrop.domain.membership.find_all", None)
    assert view(GRACE, photo_id) == 200


def test_who_sees_a_photo_may_ask_for_thumbnails_and_only_its_owner_and_staff_for_a_restore(
    event_id: str,
) -> None:
    photo_id = GRACE.begin_upload(event_id)
    for who, thumbnail, restore in (
        (GRACE, 409, 409),  # it is not completed
        (STAFF, 409, 409),
        (ADA, 409, 403),
        (ALAN, 404, 404),
    ):
        path, body = f"/photos/{photo_id}", {"tier": "Bulk", "days": 1}
        assert who.call("restore_photo", "POST", f"{path}/restore", body)[0] == restore
        event = who.sign(events.request("thumbnail_photo", path=f"{path}/thumbnail"))
        answer = thumbnail_photo.handler(event, events.CONTEXT)
        assert answer["statusCode"] == thumbnail
