"""People who call the functions of events, directly, without a gateway."""

import json
import re
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import quote

from tests.support import events

ROUTES = {
    "manage_events": {("POST", ""), ("PATCH", "/*")},
    "view_event": {("GET", "/*")},
    "list_events": {("GET", "")},
    "delete_event": {("DELETE", "/*")},
    "manage_attendees": {("PUT", "/*/attendees/*"), ("DELETE", "/*/attendees/*")},
    "list_attendees": {("GET", "/*/attendees")},
    "initiate_event_upload": {("POST", "/*/photos/initiate-upload")},
    "list_event_photos": {("GET", "/*/photos")},
}
"""Which function answers what below /events."""

WISH = {"fileName": "sunset.jpg", "contentType": "image/jpeg", "sizeBytes": 1024}


@dataclass(frozen=True)
class Person:
    """A caller: the claims of their token."""

    user_id: str
    email: str
    groups: str = ""
    verified: str = "true"

    def sign(self, event: dict[str, Any]) -> dict[str, Any]:
        """Make this person the caller of an API event."""
        event["requestContext"]["authorizer"]["claims"] = {
            "sub": self.user_id,
            "email": self.email,
            "email_verified": self.verified,
            "cognito:groups": self.groups,
        }
        return event

    def ask(
        self, method: str, path: str = "", body: Any = None, *, key: str | None = None, **query: str
    ) -> tuple[int, Any]:
        """Call what answers `method` of /events + `path`; return the status and the body."""
        shape = re.sub(r"(?<=^/)[^/]+|(?<=/attendees/)[^/]+", "*", path)
        (name,) = [name for name, routes in ROUTES.items() if (method, shape) in routes]
        return self.call(name, method, f"/events{path}", body, key=key, **query)

    def call(
        self,
        name: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        **query: str,
    ) -> tuple[int, Any]:
        """Call one function; return the status and the body."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        event = events.request(
            name,
            path=path,
            query=query,
            body=body,
            headers=headers | ({"Idempotency-Key": key} if key else {}),
        )
        event["httpMethod"] = method
        if body is None:
            event["body"] = None
        if key is None:
            event["headers"].pop("Idempotency-Key", None)
            event["multiValueHeaders"].pop("Idempotency-Key", None)
        response = import_module(name).handler(self.sign(event), events.CONTEXT)
        return response["statusCode"], json.loads(response["body"] or "null")

    def create_event(self, **details: Any) -> str:
        """Create an event; return its id."""
        status, body = self.ask("POST", "", {"name": "Party"} | details)
        assert status == 201, body
        return str(body["eventId"])

    def register(self, event_id: str, email: str) -> tuple[int, Any]:
        """Register an attendee."""
        return self.ask("PUT", f"/{event_id}/attendees/{quote(email, safe='')}")

    def remove(self, event_id: str, email: str) -> tuple[int, Any]:
        """Remove an attendee."""
        return self.ask("DELETE", f"/{event_id}/attendees/{quote(email, safe='')}")

    def begin_upload(self, event_id: str) -> str:
        """Begin an upload to an event; return the photo's id."""
        status, body = self.ask("POST", f"/{event_id}/photos/initiate-upload", WISH)
        assert status == 201, body
        return str(body["photoId"])


ADA = Person("ada-0001", "ada@example.com", "organizers")
GRACE = Person("grace-0001", "grace@example.com")
ALAN = Person("alan-0001", "alan@example.com")
"""An organizer, and two of no group."""
