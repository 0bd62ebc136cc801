"""Where orders begin: photos, events and students in some state, and what may happen to them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3

from photodrop.aws.tables import Photo
from photodrop.domain import lifecycle
from photodrop.domain.uploads import TRANSFER_SECONDS
from tests.orders import fakes
from tests.orders.operations import STAFF
from tests.orders.world import UPLOADS, World
from tests.support.people import ADA, GRACE

HOUR, DAY = 3600, 24 * 3600


@dataclass(frozen=True)
class Scene:
    """A state, and the operations that may happen in it at the same time."""

    name: str
    set_up: Callable[[World], None]
    operations: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


def _grant(world: World, *, content: bytes = fakes.GOOD, kind: str = "image/jpeg") -> None:
    """Begin an upload by form."""
    body = {
        "fileName": "a.jpg",
        "contentType": kind,
        "sizeBytes": len(content),
        "tags": ["sea"],
        "method": "POST",
    }
    _begin(world, ("initiate_upload", "POST", "/photos/initiate-upload", body), content)


def _grant_in_event(world: World) -> None:
    world.facts["event"] = ADA.create_event()
    ADA.register(world.facts["event"], GRACE.email)
    path = f"/events/{world.facts['event']}/photos/initiate-upload"
    body = {"fileName": "a.jpg", "contentType": "image/jpeg", "sizeBytes": len(fakes.GOOD)}
    _begin(world, ("initiate_event_upload", "POST", path, body | {"tags": ["sea"]}), fakes.GOOD)


def _grant_unknown(world: World) -> None:
    """Begin an upload whose size is not announced."""
    status, body = GRACE.call("begin_upload", "GET", "/s3/params", filename="a.jpg")
    assert status == 200, body
    _remember(world, body["photoId"], body["fields"]["key"], fakes.GOOD)


def _grant_parts(world: World, *, size: int | None = len(fakes.GOOD)) -> None:
    """Begin an upload in parts, and send them all."""
    metadata = {"tags": "sea"} | ({} if size is None else {"sizeBytes": size})
    body = {"filename": "a.jpg", "type": "image/jpeg", "metadata": metadata}
    created = _begin(world, ("begin_upload", "POST", "/s3/multipart", body), fakes.GOOD)
    world.facts["upload id"] = created["uploadId"]
    part = boto3.client("s3").upload_part(
        Bucket=UPLOADS, Key=created["key"], UploadId=created["uploadId"],
        PartNumber=1, Body=fakes.GOOD,
    )  # fmt: skip
    world.facts["parts"] = [{"PartNumber": 1, "ETag": part["ETag"]}]


def _begin(world: World, request: tuple[str, str, str, Any], content: bytes) -> Any:
    status, body = GRACE.call(*request, key="key-1")
    assert status in (200, 201), body
    world.facts["begin"] = request
    _remember(world, body["photoId"], body["key"], content)
    return body


def _remember(world: World, photo_id: str, key: str, content: bytes) -> None:
    until = world.clock.now + 900 + TRANSFER_SECONDS
    world.facts |= {"photo": photo_id, "key": key, "content": content, "granted until": until}


def _student(world: World) -> None:
    """Record a student whose first picture is shown, and whose second one has landed."""
    body = {"name": "Grace", "email": "grace@example.com", "course": "Compilers"}
    status, student = STAFF.call("create_student", "POST", "/v2/students", body)
    assert status == 201, student
    world.facts["student"] = student["studentId"]
    path = f"/v2/students/{student['studentId']}/picture-upload-url"
    for content in (fakes.SECOND, fakes.GOOD):
        world.work()
        status, grant = STAFF.call("initiate_picture_upload", "GET", path)
        assert status == 200, grant
        world.put(grant["pictureKey"], content)
    world.facts["photo"] = f"{student['studentId']}_2"
    world.facts["key"] = grant["pictureKey"]


def _landed(world: World) -> None:
    world.put(world.facts["key"], world.facts["content"], once=False)


def _verified(world: World) -> None:
    _landed(world)
    world.deliver(world.waiting.pop(0))


def _completed(world: World) -> None:
    _landed(world)
    world.work()


def _lost(world: World) -> None:
    """Let the file land, and its event be lost."""
    _landed(world)
    world.waiting.clear()
    world.sent.clear()


def _first_picture_lost(world: World) -> None:
    """Let the messages of the picture that has landed be late."""
    world.deliver(world.waiting.pop(0))


def _failed_retryable(world: World) -> None:
    _verified(world)
    world.waiting.clear()
    lifecycle.fail_retryable(Photo.get(world.facts["photo"], "photo", consistent_read=True))


def _later(seconds: int) -> Callable[[World], None]:
    def wait(world: World) -> None:
        world.clock.now += seconds

    return wait


def _steps(*steps: Callable[[World], None]) -> Callable[[World], None]:
    def set_up(world: World) -> None:
        for step in steps:
            step(world)

    return set_up


def _not_a_picture(world: World) -> None:
    _grant(world, content=fakes.NOT_A_PICTURE)


def _broken(world: World) -> None:
    _grant(world, content=fakes.BROKEN)


def _video(world: World) -> None:
    _grant(world, content=fakes.VIDEO, kind="video/mp4")


def _grant_unknown_parts(world: World) -> None:
    _grant_parts(world, size=None)


_OWN = ("delete", "delete again", "edit")
_CLIENT = ("report", "give up", *_OWN)
_MESSAGES = ("process", "process copies")
_PARTS = (
    "complete", "complete again", "cancel", "sign and complete", "sign cancel", "send part",
    "begin other parts",
)  # fmt: skip
_EVENT = ("delete event", "keep photos", "remove attendee", "begin in event")
_STUDENT = ("replace picture", "remove picture", "delete student", "edit student")

SCENES = (
    Scene("granted", _grant, ("upload", "land second", "begin", *_CLIENT)),
    Scene("granted long ago", _steps(_grant, _later(3 * HOUR)),
          ("expire", "expire again", "begin", *_CLIENT)),
    Scene("landed", _steps(_grant, _landed), (*_MESSAGES, "land second", *_CLIENT)),
    Scene("landed long ago", _steps(_grant, _landed, _later(3 * HOUR)),
          (*_MESSAGES, "expire", *_CLIENT)),
    Scene("landed unseen", _steps(_grant, _lost, _later(3 * HOUR)),
          ("expire", "process", *_CLIENT)),
    Scene("verified", _steps(_grant, _verified), (*_MESSAGES, "land second", *_CLIENT)),
    Scene("verified long ago", _steps(_grant, _verified, _later(3 * HOUR)),
          (*_MESSAGES, "expire", *_CLIENT)),
    Scene("completed", _steps(_grant, _completed),
          ("process copies", "land second", "thumbnail", "thumbnail again", *_CLIENT)),
    Scene("completed long ago", _steps(_grant, _completed, _later(400 * DAY)),
          ("expire object", "process copies", "thumbnail", "thumbnail again", *_OWN)),
    Scene("not a picture", _steps(_not_a_picture, _landed), (*_MESSAGES, "land second", *_CLIENT)),
    Scene("not a picture long ago", _steps(_not_a_picture, _landed, _later(3 * HOUR)),
          (*_MESSAGES, "expire", *_CLIENT)),
    Scene("broken picture", _steps(_broken, _verified), (*_MESSAGES, *_CLIENT)),
    Scene("failed by our fault", _steps(_grant, _failed_retryable),
          ("retry", "retry again", *_MESSAGES, "report", *_OWN)),
    Scene("failed by our fault long ago", _steps(_grant, _failed_retryable, _later(31 * DAY)),
          ("expire", "retry", "process copies", *_OWN)),
    Scene("size unknown", _grant_unknown, ("upload", "land second", *_CLIENT)),
    Scene("size unknown, landed", _steps(_grant_unknown, _landed), (*_MESSAGES, *_CLIENT)),
    Scene("video", _video, ("upload", *_CLIENT)),
    Scene("video, verified", _steps(_video, _verified), (*_MESSAGES, *_CLIENT)),
    Scene("video, completed", _steps(_video, _completed),
          ("thumbnail", "thumbnail again", "expire object", *_OWN)),
    Scene("in parts", _grant_parts, (*_PARTS, "process", "begin", *_CLIENT)),
    Scene("in parts long ago", _steps(_grant_parts, _later(4 * DAY)),
          ("expire", "complete", "cancel", "sign and complete", "send part", "process", *_CLIENT)),
    Scene("in parts, size unknown", _grant_unknown_parts, (*_PARTS, "process", "edit", "delete")),
    Scene("in an event", _grant_in_event, ("upload", *_EVENT, "begin", *_OWN)),
    Scene("in an event, landed", _steps(_grant_in_event, _landed),
          (*_MESSAGES, *_EVENT, "delete", "edit")),
    Scene("in an event, verified", _steps(_grant_in_event, _verified),
          (*_MESSAGES, *_EVENT, "delete", "edit")),
    Scene("in an event, completed", _steps(_grant_in_event, _completed),
          (*_EVENT, "thumbnail", *_OWN, "delete event again")),
    Scene("student's picture", _student, (*_MESSAGES, *_STUDENT, "replace picture again",
                                          "remove picture again")),
    Scene("student's picture, verified", _steps(_student, _first_picture_lost),
          (*_MESSAGES, *_STUDENT, "delete student again")),
)  # fmt: skip

BY_NAME = {scene.name: scene for scene in SCENES}
