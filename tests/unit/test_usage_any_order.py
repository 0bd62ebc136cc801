"""Whatever a user begins, sends, cancels or deletes: charged is what is stored, or may be.

What is charged is counted anew from the records after every step, and the records are held to what
S3 has: no byte of a photo is stored that nobody is charged with.
"""

from collections import Counter
from importlib import import_module
from typing import Any

import boto3
from hypothesis import given, settings
from hypothesis import strategies as st

from photodrop.aws import storage
from photodrop.aws.tables import Photo, Usage
from photodrop.domain import photo_deletion
from photodrop.domain.callers import Caller
from photodrop.domain.uploads import UploadRequest, begin
from photodrop.status import Status
from tests.support import events, fake_aws, landing, pictures
from tests.unit.test_multipart import call, granted, send
from tests.unit.test_recovery import expire, make_due, process_queue
from tests.unit.test_uploads_any_order import resize

BUCKET = "photodrop-uploads"
ADA = Caller("ada", None, frozenset())
GOOD, BAD = pictures.jpeg(40, 30), b"not a picture"
STEP = st.tuples(
    st.sampled_from(
        ["begin PUT", "begin form", "begin parts", "begin again", "land", "land bad", "send part",
         "complete", "cancel", "sign cancel", "give up", "delete", "expire", "thumbnails",
         "lifecycle expiry"]
    ),
    st.integers(0, 3),
)  # fmt: skip


class World:
    """One user's uploads."""

    def __init__(self) -> None:
        self.photos: list[Photo] = []
        self.landed: set[str] = set()

    def step(self, name: str, number: int) -> None:
        """Do one thing. What the service refuses is refused."""
        if name.startswith("begin"):
            self.begin(name)
        elif self.photos:
            self.change(name, self.photos[number % len(self.photos)])

    def begin(self, name: str) -> None:
        if name == "begin form":
            photo = granted()
        elif name == "begin parts":
            body = {"filename": "a.jpg", "metadata": {"sizeBytes": len(GOOD), "tags": "a"}}
            status, created = call("begin_upload", body=body)
            assert status == 200
            photo = Photo.get(created["photoId"], "photo")
        else:
            key = "again" if name == "begin again" else None
            wish = UploadRequest("a.jpg", "image/jpeg", len(GOOD), "PUT", tags=["a"])
            photo = begin(ADA, wish, idempotency_key=key, correlation_id="grant-1")
        if photo.photo_id not in {known.photo_id for known in self.photos}:
            self.photos.append(photo)

    def change(self, name: str, photo: Photo) -> None:
        if name.startswith("land"):
            self.land(photo, GOOD if name == "land" else BAD)  # a grant outlives its photo
            return
        try:
            photo.reload()
        except Photo.DoesNotExist:
            return
        path, key = f"/photos/{photo.photo_id}", {"key": photo.key}
        upload_id = next(iter(storage.list_multiparts(photo.key)), None)
        match name:
            case "send part" if upload_id:
                send({"key": photo.key, "uploadId": upload_id}, GOOD)
            case "complete" if upload_id:
                parts = [
                    {"PartNumber": part.number, "ETag": part.etag}
                    for part in storage.list_parts(photo.key, upload_id)
                ]
                ask("complete_upload", f"/s3/multipart/{upload_id}/complete", key, {"parts": parts})
                self.deliver_current(photo)
            case "cancel":
                ask("cancel_upload", f"/s3/multipart/{upload_id or 'over'}", key)
            case "sign cancel":
                cancelling = {"method": "DELETE", "key": photo.key, "uploadId": upload_id or "over"}
                ask("sign_request", "/s3/sign", body=cancelling)
            case "give up":
                ask("report_status", f"{path}/status", body={"status": "failed"})
            case "delete":
                ask("delete_photo", path)
            case "expire" if photo.due_at is not None:
                make_due(photo)
                expire()
                process_queue()
            case "thumbnails":
                resize(photo)
            case "lifecycle expiry" if photo.status == Status.COMPLETED:
                boto3.client("s3").delete_object(Bucket=BUCKET, Key=photo.key)
                photo_deletion.delete_expired(photo.key)

    def land(self, photo: Photo, content: bytes) -> None:
        """Send the file by the grant, once: S3 takes no second one."""
        if photo.upload_method != "MULTIPART" and photo.photo_id not in self.landed:
            self.landed.add(photo.photo_id)
            landing.deliver(landing.put(photo.key, content))

    def deliver_current(self, photo: Photo) -> None:
        if landed := storage.find_original(photo.key, None):
            landing.deliver(landed)

    def check(self) -> None:
        rows = [Photo.from_raw_data(row) for row in items("photos") if row["row"]["S"] == "photo"]
        charged = {photo.key: photo.charged_bytes for photo in rows}
        held = [size for size in charged.values() if size is not None]
        found = items("usage")
        usage = Usage.from_raw_data(found[0]) if found else Usage("ada")
        assert (usage.held_photos, usage.held_bytes) == (len(held), sum(held))
        for photo in rows:
            assert (photo.charged_bytes is None) == (photo.status == Status.FAILED)

        stored: Counter[str] = Counter()
        s3 = boto3.client("s3")
        for version in s3.list_object_versions(Bucket=BUCKET).get("Versions", []):
            stored[version["Key"]] += version["Size"]
        for key, size in stored.items():
            assert size <= (charged.get(key) or 0), "what is stored is charged"
        for upload in s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []):
            assert charged.get(upload["Key"]), "what is on its way is charged"


def ask(module: str, path: str, query: Any = None, body: Any = None) -> None:
    """Call a function as ada, whatever it answers, as long as it is no fault of ours."""
    event = events.request(module, path=path, query=query, body=body, user="ada")
    answer = import_module(module).handler(event, events.CONTEXT)
    assert answer["statusCode"] < 500, answer


def items(table: str) -> list[Any]:
    return list(boto3.client("dynamodb").scan(TableName=table)["Items"])


@settings(max_examples=25)
@given(steps=st.lists(STEP, min_size=3, max_size=12))
def test_what_is_charged_is_what_is_stored_or_may_be(steps: list[tuple[str, int]]) -> None:
    with fake_aws.stack():
        world = World()
        for name, number in steps:
            world.step(name, number)
            world.check()
        for photo in world.photos:
            world.change("delete", photo)
            world.change("land", photo)
        assert items("usage")[0]["heldBytes"]["N"] == "0" if items("usage") else True
        assert "Versions" not in boto3.client("s3").list_object_versions(Bucket=BUCKET)
