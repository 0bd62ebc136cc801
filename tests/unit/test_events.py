"""Events and who attends them."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

import list_attendees
import list_events
import manage_attendees
import manage_events
import view_event
from photodrop.aws.tables import Attendee, Event, Photo
from photodrop.aws.tables.connection import CONNECTION
from photodrop.domain import events, paging
from photodrop.http.fields import PathEmail
from tests.support import aws_calls
from tests.support import events as event_files
from tests.support.people import ADA, ALAN, GRACE, Person

pytestmark = pytest.mark.usefixtures("aws")

NOWHERE = "0b6f6c1e-3f0a-4b43-9a43-6d0f3a1f5c77"
OTHER_ORGANIZER = Person("joan-0001", "joan@example.com", "[staff organizers]")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events are created a millisecond apart."""
    moments = iter(range(1000))
    monkeypatch.setattr(events, "now_iso", lambda: f"2026-05-01T10:00:00.{next(moments):03}Z")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls of DynamoDB."""
    return aws_calls.record(monkeypatch, CONNECTION.client)


def names(page: Any) -> list[str]:
    return [event["name"] for event in page["items"]]


def test_the_event_files_are_answered() -> None:
    created = manage_events.handler(event_files.load("manage_events"), event_files.CONTEXT)
    assert created["statusCode"] == 201
    assert json.loads(created["body"])["startsAt"] == "2026-05-01T18:00:00+02:00"
    listed = list_events.handler(event_files.load("list_events"), event_files.CONTEXT)
    assert names(json.loads(listed["body"])) == ["Summer party"]
    for function in (view_event, list_attendees, manage_attendees):
        absent = function.handler(event_files.load(function.__name__), event_files.CONTEXT)
        assert absent["statusCode"] == 404


def test_an_organizer_creates_an_event_and_sees_it() -> None:
    wish = {
        "name": " Summer  party ",
        "description": "In\nthe garden",
        "startsAt": "2026-05-01T18:00Z",
    }
    status, created = ADA.ask("POST", "", wish)
    assert status == 201
    assert set(created) == {
        "eventId", "name", "description", "startsAt", "organizerId", "createdAt",
    }  # fmt: skip
    assert created["name"] == "Summer party"
    assert created["description"] == "In\nthe garden"
    assert created["startsAt"] == "2026-05-01T18:00Z"
    assert created["organizerId"] == ADA.user_id
    assert ADA.ask("GET", f"/{created['eventId']}") == (200, created)


def test_only_members_of_the_organizers_group_create_events() -> None:
    status, body = GRACE.ask("POST", "", {"name": "Party"})
    assert (status, body["code"]) == (403, "Forbidden")


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({}, ["name"]),
        ({"name": " "}, ["name"]),
        ({"name": None}, ["name"]),
        ({"name": "x" * 201, "description": 5}, ["description", "name"]),
        ({"name": "a\x00b"}, ["name"]),
        ({"name": "Party", "startsAt": "tomorrow"}, ["startsAt"]),
        ({"name": "Party", "startsAt": "2026-05-01T18:00:00"}, ["startsAt"]),
        ({"name": "Party", "startsAt": "2026-05-01"}, ["startsAt"]),
        ({"name": "Party", "organizerId": "x"}, ["organizerId"]),
        ("not json", ["body"]),
    ],
)
def test_names_every_wrong_field(wrong: Any, fields: list[str]) -> None:
    status, body = ADA.ask("POST", "", wrong)
    assert (status, body["code"]) == (400, "InvalidRequest")
    assert sorted(field["field"] for field in body["fields"]) == fields


def test_an_edit_changes_what_it_names_and_nothing_else() -> None:
    event_id = ADA.create_event(description="In the garden", startsAt="2026-05-01T18:00:00Z")
    status, body = ADA.ask("PATCH", f"/{event_id}", {"name": "Garden party", "description": None})
    assert status == 200
    assert (body["name"], body["description"]) == ("Garden party", None)
    assert body["startsAt"] == "2026-05-01T18:00:00Z"
    assert ADA.ask("GET", f"/{event_id}") == (200, body)
    assert ADA.ask("PATCH", f"/{event_id}", {}) == (200, body)


@pytest.mark.parametrize("wrong", [{"name": None}, {"name": ""}, {"eventId": "x"}])
def test_a_wrong_edit_is_400(wrong: Any) -> None:
    event_id = ADA.create_event()
    assert ADA.ask("PATCH", f"/{event_id}", wrong)[0] == 400


def test_an_edit_never_brings_a_deleted_event_back() -> None:
    event_id = ADA.create_event()
    event = Event.get(event_id, "event")
    event.delete()
    with pytest.raises(events.EventNotFoundError):
        events.edit(event, {"name": "Back"})
    assert Event.count(event_id) == 0


ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/{id}", None),
    ("PATCH", "/{id}", {"name": "Mine"}),
    ("DELETE", "/{id}", None),
    ("GET", "/{id}/attendees", None),
    ("PUT", "/{id}/attendees/eve@example.com", None),
    ("DELETE", "/{id}/attendees/grace@example.com", None),
    ("GET", "/{id}/photos", None),
    (
        "POST",
        "/{id}/photos/initiate-upload",
        {"fileName": "a.jpg", "contentType": "image/jpeg", "sizeBytes": 1},
    ),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_to_outsiders_an_event_is_as_if_it_were_not(method: str, path: str, body: Any) -> None:
    event_id = ADA.create_event()
    ADA.register(event_id, GRACE.email)
    for outsider in (ALAN, OTHER_ORGANIZER):
        hidden = outsider.ask(method, path.format(id=event_id), body)
        absent = outsider.ask(method, path.format(id=NOWHERE), body)
        assert hidden == absent
        assert (hidden[0], hidden[1]["code"]) == (404, "EventNotFound")
    assert ADA.ask("GET", f"/{event_id}")[1]["name"] == "Party"
    assert GRACE.ask("GET", f"/{event_id}")[0] == 200


@pytest.mark.parametrize("event_id", ["x", "x" * 3000, NOWHERE.upper(), "event", "..", "%00"])
def test_an_id_that_cannot_be_one_is_404(event_id: str) -> None:
    status, body = ADA.ask("GET", f"/{event_id}")
    assert (status, body["code"]) == (404, "EventNotFound")


@pytest.mark.parametrize(("method", "path", "body"), ROUTES[1:6])
def test_an_attendee_may_not_do_what_is_the_organizers(method: str, path: str, body: Any) -> None:
    event_id = ADA.create_event()
    ADA.register(event_id, GRACE.email)
    status, answer = GRACE.ask(method, path.format(id=event_id), body)
    assert (status, answer["code"]) == (403, "Forbidden")


def test_nobody_signed_in_is_401() -> None:
    event = event_files.request("manage_events", user=None)
    assert manage_events.handler(event, event_files.CONTEXT)["statusCode"] == 401


def test_registering_lets_the_verified_email_in_and_nobody_else() -> None:
    event_id = ADA.create_event()
    status, body = ADA.register(event_id, "Grace@Example.COM")
    assert status == 200
    assert set(body) == {"email", "registeredAt"}
    assert body["email"] == "grace@example.com"
    assert GRACE.ask("GET", f"/{event_id}")[0] == 200
    shouting = Person(GRACE.user_id, "GRACE@EXAMPLE.COM")
    assert shouting.ask("GET", f"/{event_id}")[0] == 200
    impostor = Person("eve", "grace@example.com", verified="false")
    assert impostor.ask("GET", f"/{event_id}")[0] == 404
    assert impostor.ask("GET")[1]["items"] == []


def test_registering_again_changes_nothing(clock: None) -> None:
    event_id = ADA.create_event()
    assert ADA.register(event_id, GRACE.email) == ADA.register(event_id, "GRACE@example.com")
    assert len(ADA.ask("GET", f"/{event_id}/attendees")[1]["items"]) == 1


def test_somebody_removed_while_they_are_registered_again_is_registered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    event_id = ADA.create_event()
    ADA.register(event_id, GRACE.email)
    get = Attendee.get

    def removed_first(*arguments: Any, **options: Any) -> Any:
        ADA.remove(event_id, GRACE.email)
        return get(*arguments, **options)

    monkeypatch.setattr(Attendee, "get", removed_first)
    assert ADA.register(event_id, GRACE.email)[0] == 200
    assert GRACE.ask("GET", f"/{event_id}")[0] == 200


@pytest.mark.parametrize(
    "email",
    [
        "grace+party@example.com",
        "grüße@exämple.de",
        "日本@例え.jp",
        "o'neil@example.com",
        "a&b=c@x.org",
    ],
)
@pytest.mark.parametrize("by_gateway", ["decoded", "as sent"])
def test_an_email_in_the_path_is_read_however_the_gateway_hands_it_on(
    email: str, by_gateway: str
) -> None:
    event_id = ADA.create_event()
    path = f"/{event_id}/attendees/{email}"
    answer = ADA.ask("PUT", path) if by_gateway == "decoded" else ADA.register(event_id, email)
    assert (answer[0], answer[1].get("email")) == (200, email)
    assert Person("x", email).ask("GET", f"/{event_id}")[0] == 200
    assert ADA.remove(event_id, email) == (204, None)
    assert Person("x", email).ask("GET", f"/{event_id}")[0] == 404


@pytest.mark.parametrize(
    "email",
    [
        "grace",
        "@example.com",
        "grace@",
        "a b@example.com",
        "a@b@c.org",
        "x" * 250 + "@x.org",
        "é" * 125 + "@x.org",
        "a%00@x.org",
        "%ff@x.org",
        "a%0Ab@x.org",
        "a%2523@x.org",
        "<a@x.org>",
    ],
)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_what_is_no_email_is_400(method: str, email: str) -> None:
    event_id = ADA.create_event()
    status, body = ADA.ask(method, f"/{event_id}/attendees/{email}")
    assert (status, body["code"]) == (400, "InvalidRequest")
    assert body["fields"][0]["field"] == "email"


@given(st.emails().filter(lambda email: "%" not in email))
def test_every_ordinary_email_is_one_and_can_be_a_cursor(email: str) -> None:
    read = TypeAdapter(PathEmail).validate_python(quote(email, safe=""))
    assert read == email.lower()
    assert paging.decode(paging.encode(read), events._EMAIL_POSITION) == read


def test_a_removed_attendee_is_out_at_once_and_removing_again_is_the_same() -> None:
    event_id = ADA.create_event()
    ADA.register(event_id, GRACE.email)
    photo_id = GRACE.begin_upload(event_id)
    assert ADA.remove(event_id, "GRACE@example.com") == (204, None)
    for method, path, body in ROUTES:
        assert GRACE.ask(method, path.format(id=event_id), body)[0] == 404
    assert GRACE.ask("GET")[1]["items"] == []
    assert ADA.remove(event_id, GRACE.email) == (204, None)
    assert Photo.get(photo_id, "photo").event_id == event_id


def test_only_the_organizer_sees_who_attends_in_pages_by_email() -> None:
    event_id = ADA.create_event()
    emails = [f"guest-{number}@example.com" for number in range(5)]
    for email in reversed(emails):
        ADA.register(event_id, email)
    seen, cursor = [], None
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        status, page = ADA.ask("GET", f"/{event_id}/attendees", **query)
        assert status == 200
        seen.append([attendee["email"] for attendee in page["items"]])
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert seen == [emails[:2], emails[2:4], emails[4:]]


def test_the_longest_email_makes_a_cursor_that_is_accepted() -> None:
    event_id = ADA.create_event()
    longest = f"{'x' * 64}@{'y' * 63}.{'y' * 63}.{'y' * 57}.org"
    assert len(longest) == 254
    ADA.register(event_id, longest)
    ADA.register(event_id, "y@x.org")
    _, page = ADA.ask("GET", f"/{event_id}/attendees", limit="1")
    _, last = ADA.ask("GET", f"/{event_id}/attendees", limit="1", cursor=page["nextCursor"])
    assert [attendee["email"] for attendee in last["items"]] == ["y@x.org"]


def test_lists_what_the_caller_organizes_or_attends_once_each_newest_first(clock: None) -> None:
    organizer = Person("joan-0001", "joan@example.com", "organizers")
    made = []
    for number, (creator, attends) in enumerate(
        [(ADA, True), (organizer, False), (organizer, True), (ADA, False), (ADA, True)]
    ):
        event_id = creator.create_event(name=str(number))
        made.append(event_id)
        if attends:
            creator.register(event_id, organizer.email)
    assert names(organizer.ask("GET")[1]) == ["4", "2", "1", "0"]
    assert names(ADA.ask("GET")[1]) == ["4", "3", "0"]
    assert names(GRACE.ask("GET")[1]) == []


def test_pages_are_full_until_the_end_and_stable_while_events_are_added(clock: None) -> None:
    for number in range(6):
        creator = ADA if number % 2 else OTHER_ORGANIZER
        creator.register(creator.create_event(name=str(number)), ADA.email)
    seen, cursor = [], None
    while True:
        _, page = ADA.ask("GET", "", **({"limit": "2"} | ({"cursor": cursor} if cursor else {})))
        seen.append(names(page))
        ADA.create_event(name="new")
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert seen == [["5", "4"], ["3", "2"], ["1", "0"]]


def test_a_page_stays_full_when_events_of_it_are_gone(clock: None) -> None:
    made = [ADA.create_event(name=str(number)) for number in range(6)]
    for event_id in made:
        ADA.register(event_id, GRACE.email)
    for event_id in (made[4], made[3]):
        Event(event_id, "event").delete()  # the rows of their attendees are still in the index
    _, page = GRACE.ask("GET", "", limit="3")
    assert names(page) == ["5", "2", "1"]
    _, page = GRACE.ask("GET", "", limit="3", cursor=page["nextCursor"])
    assert (names(page), page["nextCursor"]) == (["0"], None)


def test_a_page_of_events_is_two_queries_and_one_look_up(clock: None, calls: list[str]) -> None:
    for number in range(30):
        ADA.create_event(name=str(number))
    calls.clear()
    ADA.ask("GET", "", limit="20")
    assert calls == ["Query", "Query", "BatchGetItem"]


def test_a_check_of_access_is_one_consistent_read(calls: list[str]) -> None:
    event_id = ADA.create_event()
    calls.clear()
    GRACE.ask("GET", f"/{event_id}")
    assert calls == ["BatchGetItem"]


def test_a_hundred_events_fit_on_a_page(clock: None) -> None:
    for number in range(101):
        ADA.create_event(name=str(number))
    _, page = ADA.ask("GET", "", limit="100")
    assert len(page["items"]) == 100
    _, page = ADA.ask("GET", "", limit="100", cursor=page["nextCursor"])
    assert names(page) == ["0"]


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"cursor": "x"}])
@pytest.mark.parametrize("path", ["", "/{id}/attendees"])
def test_a_wrong_query_is_400(path: str, query: dict[str, str]) -> None:
    event_id = ADA.create_event()
    status, body = ADA.ask("GET", path.format(id=event_id), **query)
    assert (status, body["code"]) == (400, "InvalidRequest")


def test_nothing_that_a_user_wrote_is_logged(output: Callable[[], str]) -> None:
    event_id = ADA.create_event(name="secret-name")
    ADA.register(event_id, "secret-guest@example.com")
    ADA.ask("PUT", f"/{event_id}/attendees/secret-not-an-email")
    ADA.ask("GET")
    assert "secret" not in output()
