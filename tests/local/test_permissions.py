"""Every cell of docs/permissions.md: each request as each caller, against the deployed stack.

The document is the table: a test reads it, so a status is changed there and nowhere else.
"""

import json
import re
import secrets
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from local import users
from local.client import Client, Stack, User, sign_in
from tests.local.test_events import NOWHERE, initiate, make_event, register, remove, sub
from tests.local.test_events import upload as upload_to_event
from tests.local.test_multipart import Upload
from tests.local.test_students import show
from tests.support import permission_table, pictures
from tests.support.archive import Record
from tests.support.permission_table import Caller
from tests.support.running_stack import setting, until

TABLE = permission_table.read()

GROUPS = {
    Caller.STRANGER: (),
    Caller.REMOVED: (),
    Caller.OTHER_ORGANIZER: ("organizers",),
    Caller.ATTENDEE: (),
    Caller.OWNER: (),
    Caller.ORGANIZER: ("organizers",),
    Caller.STAFF: ("staff",),
}
"""Who is signed in, and the groups they belong to."""

FILE = {"fileName": "a.jpg", "contentType": "image/jpeg", "sizeBytes": 1}
STUDENT = {"name": "Grace Hopper", "course": "Compilers"}
PARTS = {"parts": [{"PartNumber": 1, "ETag": "{etag}"}]}
IN_EVENT = {"filename": "a.jpg", "metadata": {"eventId": "{eventId}"}}
FORM_IN_EVENT = "?filename=a.jpg&metadata[eventId]={eventId}"
SIGN_IN_FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


@dataclass(frozen=True)
class Details:
    """What a request has besides its path. Names in braces are those of `Things`."""

    query: str = ""
    body: Any = None
    path: str = ""
    """Where it goes instead, if the things that it needs are not those that its path names."""


DETAILS = {
    "GET /photos?userId={ownerId}": Details("?userId={ownerId}"),
    "POST /photos/initiate-upload": Details(body=FILE),
    "POST /photos/retry": Details("?limit=1"),
    "PATCH /photos/{photoId}": Details(body={"title": "Sunset"}),
    "PUT /photos/{photoId}/status": Details(body={"status": "uploaded"}),
    "GET /photos/{photoId}, of the removed attendee": Details(path="/photos/{removedPhotoId}"),
    "GET /photos/{photoId}/thumbnail": Details("?res=640"),
    "POST /photos/{photoId}/restore": Details(
        body={"tier": "Bulk", "days": 1}, path="/photos/{archivedPhotoId}/restore"
    ),
    "POST /events": Details(body={"name": "Party"}),
    "PATCH /events/{eventId}": Details(body={"name": "Garden party"}),
    "POST /events/{eventId}/photos/initiate-upload": Details(body=FILE),
    "POST /s3/sign": Details(body={"method": "PUT", "key": "a.jpg"}),
    "POST /s3/sign, into the event": Details(
        body={"method": "PUT", "key": "a.jpg", "metadata": {"eventId": "{eventId}"}}
    ),
    "POST /s3/sign, a part of the upload": Details(
        body={"method": "PUT", "key": "{key}", "uploadId": "{uploadId}", "partNumber": 1}
    ),
    "DELETE /s3/multipart/{uploadId}, of the removed attendee": Details(
        "?key={removedKey}", path="/s3/multipart/{removedUploadId}"
    ),
    "POST /v2/students": Details(body=STUDENT | {"email": "{newEmail}"}),
    "PUT /v2/students/{studentId}": Details(body=STUDENT | {"email": "{ownerEmail}"}),
}
for prefix in ("", "/u/{token}"):
    upload_path = f"{prefix}/s3/multipart/{{uploadId}}"
    DETAILS |= {
        f"GET {prefix}/s3/params": Details("?filename=a.jpg"),
        f"GET {prefix}/s3/params, into the event": Details(FORM_IN_EVENT),
        f"POST {prefix}/s3/multipart": Details(body={"filename": "a.jpg"}),
        f"POST {prefix}/s3/multipart, into the event": Details(body=IN_EVENT),
        f"GET {upload_path}": Details("?key={key}"),
        f"GET {upload_path}/{{partNumber}}": Details("?key={key}"),
        f"GET {upload_path}/batch": Details("?key={key}&partNumbers=1"),
        f"POST {upload_path}/complete": Details("?key={key}", body=PARTS),
        f"DELETE {upload_path}": Details("?key={key}"),
    }


@dataclass(frozen=True)
class Credentials:
    """What a caller has: a header for most requests, and a token for the paths below /u/{token}."""

    authorization: str | None
    path_token: str


class Things:
    """What the requests are about, by the names in their paths: made when first needed."""

    def __init__(self, stack: Stack, signed_in: dict[Caller, Client]) -> None:
        self.stack = stack
        self.signed_in = signed_in
        self.owner = signed_in[Caller.OWNER]
        self.organizer = signed_in[Caller.ORGANIZER]
        self.staff = signed_in[Caller.STAFF]
        self.removed = signed_in[Caller.REMOVED]
        self.made: dict[str, str] = {}
        self.last_student: str | None = None

    def __getitem__(self, name: str) -> str:
        makers: dict[str, Callable[[], dict[str, str]]] = {
            "eventId": self.make_event,
            "photoId": lambda: {"photoId": self.make_photo()["photoId"]},
            "archivedPhotoId": self.make_archived_photo,
            "removedPhotoId": self.make_photo_of_removed,
            "uploadId": self.make_upload,
            "key": self.make_upload,
            "etag": self.make_upload,
            "removedUploadId": self.make_upload_of_removed,
            "removedKey": self.make_upload_of_removed,
            "studentId": self.make_student,
            "asset": self.find_asset,
        }
        always = {
            "partNumber": "1",
            "email": "guest@example.com",
            "ownerId": sub(self.owner),
            "ownerEmail": email_of(self.owner),
            "newEmail": f"{uuid.uuid4()}@example.com",
        }
        if name in always:
            return always[name]
        if name not in self.made:
            self.made |= makers[name]()
        return self.made[name]

    def use_up(self, request: str) -> None:
        """Forget what a request has deleted or completed, so that the next one has a new one."""
        method, path = permission_table.route_of(request).split()
        if method == "DELETE" or path.endswith("/complete"):
            name = re.findall(r"{(\w+)}", path)[-1]
            related = {"uploadId": {"uploadId", "key", "etag"}, "eventId": set(self.made)}
            for gone in related.get(name, {name}):
                self.made.pop(gone, None)

    def make_event(self) -> dict[str, str]:
        event_id = make_event(self.organizer)["eventId"]
        for attendee in (self.owner, self.signed_in[Caller.ATTENDEE]):
            register(self.organizer, event_id, email_of(attendee)).raise_for_status()
        with self.attending(self.removed, event_id):
            pass
        return {"eventId": event_id}

    @contextmanager
    def attending(self, client: Client, event_id: str) -> Iterator[None]:
        """Have somebody attend an event for a while."""
        register(self.organizer, event_id, email_of(client)).raise_for_status()
        yield
        remove(self.organizer, event_id, email_of(client)).raise_for_status()

    def make_photo(self) -> Any:
        return upload_to_event(self.owner, self["eventId"])

    def make_archived_photo(self) -> dict[str, str]:
        photo = self.make_photo()
        Record(self.stack, photo).archive("DEEP_ARCHIVE")
        return {"archivedPhotoId": photo["photoId"]}

    def make_photo_of_removed(self) -> dict[str, str]:
        event_id = self["eventId"]
        with self.attending(self.removed, event_id):
            grant = initiate(self.removed, event_id, pictures.jpeg())
        return {"removedPhotoId": grant["photoId"]}

    def make_upload_of_removed(self) -> dict[str, str]:
        event_id = self["eventId"]
        with self.attending(self.removed, event_id):
            upload = Upload(self.removed, eventId=event_id)
        return {"removedUploadId": upload.created["uploadId"], "removedKey": upload.key}

    def make_upload(self) -> dict[str, str]:
        content = pictures.jpeg()
        upload = Upload(self.owner, eventId=self["eventId"], sizeBytes=len(content))
        upload_id = upload.created["uploadId"]
        return {"uploadId": upload_id, "key": upload.key, "etag": upload.send(1, content)}

    def make_student(self) -> dict[str, str]:
        if self.last_student is not None:  # one that has lost its picture still has the address
            answer = self.staff.api.delete(f"/v2/students/{self.last_student}")
            assert answer.status_code in (204, 404)
        body = STUDENT | {"email": email_of(self.owner)}
        student = self.staff.api.post("/v2/students", json=body).raise_for_status().json()
        self.last_student = student["studentId"]
        show(self.staff, student, pictures.jpeg())
        return {"studentId": student["studentId"]}

    def find_asset(self) -> dict[str, str]:
        page = self.owner.api.get("/docs").raise_for_status().text
        return {"asset": re.findall(r'src="docs/([^"?]+)', page)[0]}


def email_of(client: Client) -> str:
    assert client.user is not None
    return client.user.email


def new_user(groups: tuple[str, ...] = ()) -> User:
    return User(f"{uuid.uuid4()}@example.com", users.PASSWORD, groups)


@pytest.fixture(scope="module")
def signed_in(stack: Stack) -> Iterator[dict[Caller, Client]]:
    """People of this stack's own user pool, new to it."""
    clients = {}
    for caller, groups in GROUPS.items():
        user = new_user(groups)
        users.add(stack.aws("cognito-idp"), stack.user_pool_id, user)
        clients[caller] = Client(stack, user)
    make_event(clients[Caller.OTHER_ORGANIZER])
    yield clients
    for client in clients.values():
        client.close()


@pytest.fixture(scope="module")
def things(stack: Stack, signed_in: dict[Caller, Client]) -> Things:
    return Things(stack, signed_in)


@pytest.fixture(scope="module")
def other_pool_token(stack: Stack, signed_in: dict[Caller, Client]) -> Iterator[str]:
    """An ID token of the owner's address, in all groups, of another user pool."""
    cognito = stack.aws("cognito-idp")
    made = cognito.create_user_pool(PoolName="another", UsernameAttributes=["email"])
    pool_id = made["UserPool"]["Id"]
    groups = ("organizers", "staff")
    for group in groups:
        cognito.create_group(UserPoolId=pool_id, GroupName=group)
    user = User(email_of(signed_in[Caller.OWNER]), users.PASSWORD, groups)
    users.add(cognito, pool_id, user)
    client_id = new_app_client(cognito, pool_id)
    yield sign_in(replace(stack, user_pool_client_id=client_id), user)["IdToken"]
    cognito.delete_user_pool(UserPoolId=pool_id)


@pytest.fixture(scope="module")
def expired_token(stack: Stack, signed_in: dict[Caller, Client], anonymous: Client) -> str:
    """An ID token of the owner that was good until it expired.

    It comes from an app client of its own, whose other tokens are good. On AWS the shortest life of
    a token is five minutes. The emulator accepts a second.
    """
    user = signed_in[Caller.OWNER].user
    assert user is not None
    cognito = stack.aws("cognito-idp")
    client_id = new_app_client(cognito, stack.user_pool_id)
    app = replace(stack, user_pool_client_id=client_id)

    def status(token: str) -> int:
        return anonymous.api.get("/photos", headers={"Authorization": token}).status_code

    assert status(sign_in(app, user)["IdToken"]) == 200
    cognito.update_user_pool_client(
        UserPoolId=stack.user_pool_id,
        ClientId=client_id,
        ExplicitAuthFlows=SIGN_IN_FLOWS,
        IdTokenValidity=1,
        TokenValidityUnits={"IdToken": "seconds"},
    )
    token = sign_in(app, user)["IdToken"]
    cognito.delete_user_pool_client(UserPoolId=stack.user_pool_id, ClientId=client_id)
    until(lambda: status(token) == 401)
    return token


@pytest.fixture(scope="module")
def credentials(
    stack: Stack, signed_in: dict[Caller, Client], other_pool_token: str, expired_token: str
) -> dict[Caller, Credentials]:
    """What each caller has to show."""
    owner = signed_in[Caller.OWNER]
    assert owner.user is not None
    access_token = sign_in(stack, owner.user)["AccessToken"]
    token = upload_token(owner)
    with setting(stack, "CreateUploadTokenFunction", UPLOAD_TOKEN_TTL_SECONDS="0"):
        expired_upload_token = upload_token(owner)
    return {
        Caller.NOBODY: Credentials(None, secrets.token_urlsafe(32)),
        Caller.GARBAGE: Credentials("nonsense", "nonsense"),
        Caller.OTHER_POOL: Credentials(other_pool_token, other_pool_token),
        Caller.ACCESS_TOKEN: Credentials(access_token, access_token),
        Caller.EXPIRED: Credentials(expired_token, expired_upload_token),
        Caller.UPLOAD_TOKEN: Credentials(token, token),
    } | {
        caller: Credentials(client.api.headers["Authorization"], upload_token(client))
        for caller, client in signed_in.items()
    }


def upload_token(client: Client) -> str:
    return str(client.api.post("/upload-tokens").raise_for_status().json()["token"])


def new_app_client(cognito: Any, pool_id: str) -> str:
    made = cognito.create_user_pool_client(
        UserPoolId=pool_id, ClientName="test", ExplicitAuthFlows=SIGN_IN_FLOWS
    )
    return str(made["UserPoolClient"]["ClientId"])


def send(
    anonymous: Client, request: str, shown: Credentials, value_of: Callable[[str], str]
) -> httpx.Response:
    """Send a request of the table as the caller who shows these credentials.

    `value_of` returns what stands for a name in braces.
    """
    details = DETAILS.get(request, Details())
    method, path = permission_table.route_of(request).split()

    def fill(text: str, *, quoted: bool = True) -> str:
        def value(found: re.Match[str]) -> str:
            named = shown.path_token if found[1] == "token" else value_of(found[1])
            return quote(named, safe="") if quoted else json.dumps(named)[1:-1]

        return re.sub(r"{(\w+)}", value, text)

    body = None if details.body is None else fill(json.dumps(details.body), quoted=False)
    headers = {"Content-Type": "application/json"} if body else {}
    if shown.authorization is not None and not path.startswith("/u/"):
        headers["Authorization"] = shown.authorization
    url = fill((details.path or path) + details.query)
    return anonymous.api.request(method, url, content=body, headers=headers)


def error_of(answer: httpx.Response) -> tuple[str, str]:
    return answer.json()["code"], answer.json()["message"]


@pytest.mark.parametrize("request_", TABLE, ids=str)
def test_everybody_is_answered_as_the_table_says(
    request_: str, anonymous: Client, things: Things, credentials: dict[Caller, Credentials]
) -> None:
    """And where that is 404, as if there were no such thing."""

    def value_of_nothing(name: str) -> str:
        if name in {"key", "removedKey"}:
            return f"uploads/event_{NOWHERE}/{NOWHERE}.jpg"
        return NOWHERE if name.endswith("Id") else things[name]

    statuses, wrong, nothing = TABLE[request_], [], None
    if 404 in statuses.values():
        stranger = credentials[Caller.STRANGER]
        nothing = error_of(send(anonymous, request_, stranger, value_of_nothing))
    for caller, expected in statuses.items():
        answer = send(anonymous, request_, credentials[caller], things.__getitem__)
        if answer.status_code != expected:
            wrong.append(
                f"{caller}: {answer.status_code} instead of {expected}: {answer.text[:200]}"
            )
        elif expected == 404 and error_of(answer) != nothing:
            wrong.append(f"{caller}: {answer.text} is not what is said of nothing: {nothing}")
        if answer.is_success:
            things.use_up(request_)
    assert not wrong, "\n".join([request_, *wrong])


def test_only_requests_of_the_table_have_details() -> None:
    assert set(DETAILS) <= set(TABLE)
