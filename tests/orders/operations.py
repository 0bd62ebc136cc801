"""What may happen at the same time: what clients ask for, what queues deliver, what is scheduled.

Each is a function of the world. The scene has written the ids and keys that it needs into the
world's facts. A name may end in "again": then the same is done a second time.
"""

import importlib

import boto3
from botocore.exceptions import ClientError

from photodrop.aws.tables import PHOTO_ROW, Photo
from tests.orders import fakes
from tests.orders.world import UPLOADS, Operation, World, bucket
from tests.support import events
from tests.support.people import ADA, GRACE, Person

STAFF = Person("staff-0001", "staff@example.com", "staff")

TITLE = "Edited"
TAGS = ["hill", "sea"]


def land(world: World) -> None:
    """The file lands; its event waits."""
    world.put(world.facts["key"], world.facts["content"], once=False)


def upload(world: World) -> None:
    """The file lands, and its events and messages come at once."""
    land(world)
    world.work()


def land_second(world: World) -> None:
    """A second file is sent with the same form."""
    world.put(world.facts["key"], fakes.SECOND, once=False)


def process(world: World) -> None:
    """What waits in queues is delivered, and what is sent meanwhile."""
    world.work()


def process_copies(world: World) -> None:
    """Everything that was sent until now comes a second time."""
    for message in list(world.sent):
        world.deliver(message)


def expire(world: World) -> None:
    """ExpireUploads runs."""
    importlib.import_module("expire_uploads").handler({}, events.CONTEXT)


def expire_object(world: World) -> None:
    """The bucket's lifecycle expires the original, if the photo is completed."""
    if status_of(world) == "completed":
        world.expire_object(world.facts["key"])
        world.work()


def edit(world: World) -> None:
    """The owner changes title and tags."""
    body = {"title": TITLE, "tags": TAGS}
    world.ask("edit", GRACE, "edit_photo", "PATCH", _photo(world), body)


def delete(world: World) -> None:
    """The owner deletes the photo."""
    world.ask("delete", GRACE, "delete_photo", "DELETE", _photo(world))


def report(world: World) -> None:
    """The client says that the file has landed."""
    _report(world, "report", "uploaded")


def give_up(world: World) -> None:
    """The client says that the upload has failed."""
    _report(world, "give up", "failed")


def thumbnail(world: World) -> None:
    """Somebody asks for a thumbnail on demand."""
    path = f"{_photo(world)}/thumbnail"
    world.ask("thumbnail", GRACE, "thumbnail_photo", "GET", path, res="320")


def retry(world: World) -> None:
    """Staff retries a photo that failed through no fault of its file."""
    world.ask("retry", STAFF, "retry_photos", "POST", f"{_photo(world)}/retry")


def begin(world: World) -> None:
    """The client begins the upload again, with the same Idempotency-Key."""
    world.ask("begin", GRACE, *world.facts["begin"], idempotency_key="key-1")


def complete(world: World) -> None:
    """The client joins the parts by our route."""
    upload_id, key = world.facts["upload id"], world.facts["key"]
    path = f"/s3/multipart/{upload_id}/complete"
    parts = {"parts": world.facts["parts"]}
    world.ask("complete", GRACE, "complete_upload", "POST", path, parts, key=key)


def cancel(world: World) -> None:
    """The client cancels the upload by our route."""
    path = f"/s3/multipart/{world.facts['upload id']}"
    world.ask("cancel", GRACE, "cancel_upload", "DELETE", path, key=world.facts["key"])


def sign_and_complete(world: World) -> None:
    """The client has the completion signed, and sends it to S3 itself."""
    upload_id, key = world.facts["upload id"], world.facts["key"]
    body = {"method": "POST", "key": key, "uploadId": upload_id}
    if world.ask("sign complete", GRACE, "sign_request", "POST", "/s3/sign", body).status != 200:
        return
    parts = {"Parts": world.facts["parts"]}
    try:
        boto3.client("s3").complete_multipart_upload(
            Bucket=UPLOADS, Key=key, UploadId=upload_id, MultipartUpload=parts, IfNoneMatch="*"
        )
    except ClientError:
        return  # it is over


def sign_cancel(world: World) -> None:
    """The client has a cancellation signed, which cancels at once."""
    upload_id, key = world.facts["upload id"], world.facts["key"]
    body = {"method": "DELETE", "key": key, "uploadId": upload_id}
    world.ask("cancel", GRACE, "sign_request", "POST", "/s3/sign", body)


def send_part(world: World) -> None:
    """A part is sent once more."""
    _send_part(world, world.facts["upload id"])


def begin_other_parts(world: World) -> None:
    """The client has a second multipart upload of the same file signed, and sends its part."""
    key, s3 = world.facts["key"], boto3.client("s3")
    body = {"method": "POST", "key": key}
    if world.ask("begin parts", GRACE, "sign_request", "POST", "/s3/sign", body).status != 200:
        return
    upload_id = s3.create_multipart_upload(Bucket=UPLOADS, Key=key)["UploadId"]
    body = {"method": "PUT", "key": key, "uploadId": upload_id, "partNumber": 1}
    if world.ask("sign part", GRACE, "sign_request", "POST", "/s3/sign", body).status == 200:
        _send_part(world, upload_id)


def delete_event(world: World) -> None:
    """The organizer deletes the event with its photos."""
    _delete_event(world, "delete")


def keep_photos(world: World) -> None:
    """The organizer deletes the event without its photos."""
    _delete_event(world, "keep")


def begin_in_event(world: World) -> None:
    """An attendee begins another upload in the event."""
    path = f"/events/{world.facts['event']}/photos/initiate-upload"
    body = {"fileName": "b.jpg", "contentType": "image/jpeg", "sizeBytes": len(fakes.GOOD)}
    answer = world.ask("begin in event", GRACE, "initiate_event_upload", "POST", path, body)
    if answer.status == 201:
        world.put(answer.body["key"], fakes.GOOD)


def remove_attendee(world: World) -> None:
    """The organizer removes the attendee."""
    path = f"/events/{world.facts['event']}/attendees/{GRACE.email.replace('@', '%40')}"
    world.ask("remove attendee", ADA, "manage_attendees", "DELETE", path)


def replace_picture(world: World) -> None:
    """Somebody uploads a newer picture of the student."""
    path = f"{_student(world)}/picture-upload-url"
    answer = world.ask("replace", STAFF, "initiate_picture_upload", "GET", path)
    if answer.status == 200:
        world.put(answer.body["pictureKey"], fakes.SECOND)
        world.work()


def remove_picture(world: World) -> None:
    """Staff deletes the student's picture."""
    path = f"{_student(world)}/picture"
    world.ask("remove picture", STAFF, "delete_student", "DELETE", path)


def delete_student(world: World) -> None:
    """Staff deletes the student."""
    world.ask("delete student", STAFF, "delete_student", "DELETE", _student(world))


def edit_student(world: World) -> None:
    """Staff changes the student's name and address."""
    body = {"name": TITLE, "email": "edited@example.com", "course": "Compilers"}
    world.ask("edit student", STAFF, "edit_student", "PUT", _student(world), body)


OPERATIONS: dict[str, Operation] = {
    "land": land,
    "upload": upload,
    "land second": land_second,
    "process": process,
    "process copies": process_copies,
    "expire": expire,
    "expire object": expire_object,
    "edit": edit,
    "delete": delete,
    "report": report,
    "give up": give_up,
    "thumbnail": thumbnail,
    "retry": retry,
    "begin": begin,
    "complete": complete,
    "cancel": cancel,
    "sign and complete": sign_and_complete,
    "sign cancel": sign_cancel,
    "send part": send_part,
    "begin other parts": begin_other_parts,
    "delete event": delete_event,
    "keep photos": keep_photos,
    "begin in event": begin_in_event,
    "remove attendee": remove_attendee,
    "replace picture": replace_picture,
    "remove picture": remove_picture,
    "delete student": delete_student,
    "edit student": edit_student,
}

NOT_KILLED = {"expire object"}
"""What S3 does itself."""

REPEATED = set(OPERATIONS) - {"process", "process copies", "expire", "expire object", "delete"}
"""What a client repeats when it gets no answer. A deletion is finished by the service itself."""


def operation(name: str) -> Operation:
    """Return what happens by a name."""
    return OPERATIONS[name.removesuffix(" again")]


def status_of(world: World) -> str | None:
    """Return the status of the scene's photo, or None if there is none."""
    try:
        return str(Photo.get(world.facts["photo"], PHOTO_ROW, consistent_read=True).status)
    except Photo.DoesNotExist:
        return None


def is_stored(key: str) -> bool:
    """Tell whether the uploads bucket has an object."""
    return bucket(UPLOADS).keys.get(key) is not None


def _photo(world: World) -> str:
    return f"/photos/{world.facts['photo']}"


def _student(world: World) -> str:
    return f"/v2/students/{world.facts['student']}"


def _report(world: World, name: str, status: str) -> None:
    body = {"status": status}
    world.ask(name, GRACE, "report_status", "PUT", f"{_photo(world)}/status", body)


def _send_part(world: World, upload_id: str) -> None:
    try:
        boto3.client("s3").upload_part(
            Bucket=UPLOADS, Key=world.facts["key"], UploadId=upload_id,
            PartNumber=1, Body=world.facts["content"],
        )  # fmt: skip
    except ClientError:
        return  # it is over


def _delete_event(world: World, photos: str) -> None:
    path = f"/events/{world.facts['event']}"
    name = "delete event" if photos == "delete" else "keep photos"
    world.ask(name, ADA, "delete_event", "DELETE", path, photos=photos)
    world.work()
