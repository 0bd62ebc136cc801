"""What functions need at rare moments: between two calls, at a limit, or when a file is gone.

docs/permissions.md names a test for each permission of each function. These are the ones that no
other test over HTTP needs.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest

from local.client import Client, Stack
from tests.local.test_edge import at
from tests.local.test_events import initiate as initiate_in_event
from tests.local.test_events import make_event, rows
from tests.local.test_multipart import Upload, big_jpeg
from tests.local.test_retries import change_row, run_expire_uploads, versions
from tests.local.test_students import STUDENTS, ask, create, details, path_of, show
from tests.support import pictures, videos
from tests.support.archive import Record, thumbnails_in_bucket
from tests.support.running_stack import (
    assert_is_error,
    aws,
    initiate,
    is_empty,
    resource,
    setting,
    until,
    upload,
)

JPEG = {"fileName": "a.jpg", "contentType": "image/jpeg", "sizeBytes": 1000}


def erase(stack: Stack, photo: Any) -> None:
    """Erase a photo's original behind the service's back."""
    record = Record(stack, photo)
    for version in versions(stack, record.key):
        record.s3.delete_object(**record.original, VersionId=version["VersionId"])


def load(client: Client, thumbnails: Any) -> None:
    """Load thumbnails as a page does."""
    assert thumbnails
    for thumbnail in thumbnails:
        client.storage.get(thumbnail["url"]).raise_for_status()


def change_between(stack: Stack, first: str, last: str) -> None:
    """Change the record `last` once `first` is gone: in the middle of a deletion of both."""
    table, client = resource(stack, "PhotosTable"), aws(stack, "dynamodb")

    def key(photo_id: str) -> Any:
        return {"photoId": {"S": photo_id}, "row": {"S": "photo"}}

    until(
        lambda: "Item" not in client.get_item(TableName=table, Key=key(first), ConsistentRead=True),
        pause=lambda: None,
    )
    client.update_item(
        TableName=table,
        Key=key(last),
        UpdateExpression="SET revision = revision + :one",
        ConditionExpression="attribute_exists(photoId)",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )


# ---------------------------------------------------------------- limits


def begin(client: Client, _: Any) -> Any:
    return client.api.post("/s3/multipart", json={"filename": "a.jpg"})


def sign(client: Client, _: Any) -> Any:
    return client.api.post("/s3/sign", json={"method": "PUT", "key": "a.jpg"})


def initiate_event_upload(client: Client, event: Any) -> Any:
    return client.api.post(f"/events/{event['eventId']}/photos/initiate-upload", json=JPEG)


@pytest.mark.parametrize(
    ("function", "request_"),
    [
        ("BeginUploadFunction", begin),
        ("SignRequestFunction", sign),
        ("InitiateEventUploadFunction", initiate_event_upload),
    ],
)
def test_whoever_begins_too_many_uploads_is_told_when_to_go_on(
    ada: Client, stack: Stack, function: str, request_: Callable[[Client, Any], Any]
) -> None:
    event = make_event(ada)
    with setting(stack, function, UPLOADS_PER_MINUTE="1"):
        answers = [request_(ada, event) for _ in range(2)]
    assert_is_error(answers[-1], 429, "LimitExceeded")
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_staff_who_ask_for_too_many_pictures_are_told_when_to_go_on(
    staff: Client, stack: Stack
) -> None:
    path = f"{path_of(create(staff))}/picture-upload-url"
    with setting(stack, "InitiatePictureUploadFunction", UPLOADS_PER_MINUTE="1"):
        answers = [staff.api.get(path) for _ in range(2)]
    assert_is_error(answers[-1], 429, "LimitExceeded")


# ---------------------------------------------------------------- links to the edge, and to S3

EDGE_AND_S3 = pytest.mark.parametrize("delivered_by", ["edge", "S3"])


@contextmanager
def delivered(stack: Stack, by: str, *functions: str) -> Iterator[None]:
    """Have functions sign links to S3 for a while, as where CloudFront delivers nothing."""
    with ExitStack() as settings:
        for function in functions if by == "S3" else ():
            settings.enter_context(setting(stack, f"{function}Function", DELIVERY_URL=""))
        yield


@EDGE_AND_S3
def test_whatever_shows_a_photo_has_thumbnails_that_load(
    ada: Client, stack: Stack, delivered_by: str
) -> None:
    content = big_jpeg(5000)
    digest = hashlib.sha256(content).hexdigest()
    photo = upload(ada, content, checksumSha256=digest)
    path = f"/photos/{photo['photoId']}"
    again = JPEG | {"sizeBytes": len(content), "checksumSha256": digest}

    functions = ("ListPhotos", "ViewPhoto", "EditPhoto", "ReportStatus", "InitiateUpload")
    with delivered(stack, delivered_by, *functions):
        view = ada.api.get(f"{path}/view-url").json()
        shown = [
            ada.api.get("/photos", params={"limit": 1}).json()["items"][0],
            ada.api.get(path).json(),
            ada.api.patch(path, json={"title": "Dunes at dusk"}).json(),
            ada.api.put(f"{path}/status", json={"status": "uploaded"}).json(),
            ada.api.post("/photos/initiate-upload", json=again).json(),
        ]

    assert ada.storage.get(view["url"]).content == content

    for one in shown:
        assert one["photoId"] == photo["photoId"]
        load(ada, one["thumbnails"])


@EDGE_AND_S3
def test_whatever_shows_a_photo_of_an_event_has_thumbnails_that_load(
    ada: Client, stack: Stack, delivered_by: str
) -> None:
    event_id, content = make_event(ada)["eventId"], big_jpeg(5000)
    digest = hashlib.sha256(content).hexdigest()
    grant = initiate_in_event(ada, event_id, content, checksumSha256=digest)
    ada.send(grant["upload"], content).raise_for_status()
    ada.wait(grant["photoId"])

    with delivered(stack, delivered_by, "InitiateEventUpload", "ListEventPhotos"):
        again = initiate_in_event(ada, event_id, content, checksumSha256=digest)
        listed = ada.api.get(f"/events/{event_id}/photos").json()["items"]

    assert [again["photoId"], *(one["photoId"] for one in listed)] == [grant["photoId"]] * 2
    for one in (again, *listed):
        load(ada, one["thumbnails"])


@EDGE_AND_S3
def test_whatever_shows_a_student_has_a_picture_that_loads_and_knows_of_the_next(
    staff: Client, stack: Stack, delivered_by: str
) -> None:
    student, content = create(staff), pictures.jpeg()
    show(staff, student, content)
    ask(staff, student)  # the next version, of which nothing comes

    with delivered(stack, delivered_by, "EditStudent", "ListStudents", "ViewStudent"):
        view = staff.api.get(f"{path_of(student)}/picture-view-url").json()
        changed = staff.api.put(path_of(student), json=details()).json()
        listed = staff.api.get(STUDENTS, params={"limit": 1}).json()["items"][0]
        seen = staff.api.get(path_of(student)).json()

    assert staff.storage.get(view["url"]).content == content

    for one in (changed, listed, seen):
        assert one["studentId"] == student["studentId"]
        assert one["picture"]["replacement"]["status"] == "pending"
        load(staff, one["picture"]["thumbnails"])


def test_a_file_that_is_there_already_is_not_signed_for_again(ada: Client) -> None:
    content = big_jpeg(5000)
    digest = hashlib.sha256(content).hexdigest()
    photo = upload(ada, content, checksumSha256=digest)
    again = {"method": "PUT", "key": "again.jpg", "metadata": {"checksumSha256": digest}}
    answer = ada.api.post("/s3/sign", json=again)
    assert_is_error(answer, 409, "AlreadyUploaded")
    assert answer.json()["photoId"] == photo["photoId"]


# ---------------------------------------------------------------- files that are gone


def test_an_archived_photo_whose_file_is_gone_is_not_restored(ada: Client, stack: Stack) -> None:
    photo = upload(ada, pictures.jpeg())
    Record(stack, photo).archive("GLACIER")
    erase(stack, photo)
    path = f"/photos/{photo['photoId']}"
    wish = {"tier": "Bulk", "days": 1}
    assert_is_error(ada.api.post(f"{path}/restore", json=wish), 404, "PhotoNotFound")


def test_a_photo_whose_file_is_gone_is_not_viewed(ada: Client, stack: Stack) -> None:
    photo = upload(ada, pictures.jpeg())
    with delivered(stack, "S3", "ViewPhoto"):
        view = ada.api.get(f"/photos/{photo['photoId']}/view-url").json()
    erase(stack, photo)
    assert ada.storage.get(view["url"]).status_code == 404


def test_a_photo_whose_file_is_gone_gets_no_other_thumbnails(ada: Client, stack: Stack) -> None:
    photo = upload(ada, pictures.jpeg())
    erase(stack, photo)
    answer = ada.api.get(f"/photos/{photo['photoId']}/thumbnail", params={"res": "320"})
    assert_is_error(answer, 404, "PhotoNotFound")
    assert ada.storage.get(at(photo, "800")).status_code == 404


@pytest.mark.parametrize(
    ("content_type", "function", "queue"),
    [
        ("image/jpeg", "ResizeThumbnailsFunction", "ThumbnailsQueue"),
        ("video/mp4", "ProcessVideoFunction", "VideosQueue"),
    ],
)
def test_a_photo_whose_file_is_gone_before_it_is_processed_fails_and_leaves_no_thumbnail(
    ada: Client, stack: Stack, content_type: str, function: str, queue: str
) -> None:
    content = videos.video() if content_type == "video/mp4" else pictures.jpeg()
    with setting(stack, function, MAX_IMAGE_PIXELS="none"):  # so that it cannot start
        grant = initiate(ada, content, contentType=content_type)
        ada.send(grant["upload"], content).raise_for_status()
        path = f"/photos/{grant['photoId']}"
        until(lambda: ada.api.get(path).json()["status"] == "processing")
        erase(stack, grant)
        plant_thumbnail(stack, grant["key"])
    send(stack, queue, photoId=grant["photoId"])  # it would come again after minutes
    photo = ada.wait(grant["photoId"])
    assert (photo["status"], photo["failure"]["code"]) == ("failed", "UploadRemoved")
    until(lambda: thumbnails_in_bucket(stack, grant["key"]) == [])


def plant_thumbnail(stack: Stack, key: str) -> None:
    """Store a thumbnail as a try that was cut off would have left it."""
    aws(stack, "s3").put_object(
        Bucket=stack.thumbnails_bucket, Key=f"{key.rpartition('.')[0]}/160.webp", Body=b"x"
    )


def send(stack: Stack, queue: str, **body: Any) -> None:
    aws(stack, "sqs").send_message(QueueUrl=resource(stack, queue), MessageBody=json.dumps(body))


# ---------------------------------------------------------------- photos that are stuck


@pytest.fixture
def stuck(ada: Client, stack: Stack) -> Iterator[Any]:
    """The grant of a photo whose file has landed while ProcessUpload cannot start."""
    content = big_jpeg(5000)
    with setting(stack, "ProcessUploadFunction", MAX_IMAGE_PIXELS="none"):
        grant = initiate(ada, content)
        ada.send(grant["upload"], content).raise_for_status()
        yield grant


def test_a_photo_whose_version_nobody_knows_yet_is_tried_again(
    stuck: Any, ada: Client, staff: Client, stack: Stack
) -> None:
    change_row(stack, stuck["photoId"], tries=12, dueAt=1)
    run_expire_uploads(stack)
    assert ada.wait(stuck["photoId"])["failure"]["code"] == "ProcessingFailed"
    answer = staff.api.post(f"/photos/{stuck['photoId']}/retry")
    assert (answer.status_code, answer.json()["status"]) == (202, "uploaded")


def test_a_photo_whose_file_is_gone_can_be_tried_again_in_vain(
    stuck: Any, ada: Client, staff: Client, stack: Stack
) -> None:
    change_row(stack, stuck["photoId"], tries=12, dueAt=1)
    run_expire_uploads(stack)
    erase(stack, stuck)
    assert staff.api.post(f"/photos/{stuck['photoId']}/retry").status_code == 202
    change_row(stack, stuck["photoId"], dueAt=1)
    run_expire_uploads(stack)
    assert ada.wait(stuck["photoId"])["failure"]["code"] == "UploadRemoved"


@contextmanager
def events_are_lost(stack: Stack) -> Iterator[None]:
    """S3 tells nobody of the files that land inside."""
    s3 = aws(stack, "s3")
    told = s3.get_bucket_notification_configuration(Bucket=stack.uploads_bucket)
    del told["ResponseMetadata"]
    configure = partial(s3.put_bucket_notification_configuration, Bucket=stack.uploads_bucket)
    configure(NotificationConfiguration={})
    try:
        yield
    finally:
        configure(NotificationConfiguration=told)


def test_the_event_of_a_photo_that_is_stuck_is_sent_again(ada: Client, stack: Stack) -> None:
    content = big_jpeg(5000)
    with events_are_lost(stack):
        grant = initiate(ada, content)
        ada.send(grant["upload"], content).raise_for_status()
    change_row(stack, grant["photoId"], dueAt=1)
    run_expire_uploads(stack)
    assert ada.wait(grant["photoId"])["status"] == "completed"


def test_thumbnails_that_a_failed_photo_has_left_are_erased_in_the_end(
    ada: Client, stack: Stack
) -> None:
    photo = upload(ada, b"no picture")
    key = Record(stack, photo).key
    plant_thumbnail(stack, key)
    change_row(stack, photo["photoId"], dueAt=1)
    run_expire_uploads(stack)
    assert thumbnails_in_bucket(stack, key) == []


def test_a_client_may_report_a_file_in_parts_that_is_stuck(ada: Client, stack: Stack) -> None:
    content = big_jpeg(5000)
    with setting(stack, "ProcessUploadFunction", MAX_IMAGE_PIXELS="none"):
        begun = Upload(ada, sizeBytes=len(content))
        begun.complete(begun.send_all([content])).raise_for_status()
        path, report = f"/photos/{begun.photo_id}/status", {"status": "uploaded"}
        assert ada.api.put(path, json=report).status_code == 200
    # What was sent by now may have met the function that cannot start, and comes again much later.
    assert ada.api.put(path, json=report).status_code == 200
    assert ada.wait(begun.photo_id)["status"] == "completed"


def test_a_file_in_parts_that_the_client_gives_up_leaves_no_parts(
    ada: Client, stack: Stack
) -> None:
    begun = Upload(ada)
    begun.send(1, big_jpeg(1000))
    path = f"/photos/{begun.photo_id}/status"
    assert ada.api.put(path, json={"status": "failed"}).status_code == 200
    assert in_parts(stack, begun.key) == []


def test_a_file_that_s3_has_put_together_already_is_completed(ada: Client, stack: Stack) -> None:
    """As by a call that was cut off before it could record that."""
    content = big_jpeg(5000)
    begun = Upload(ada, sizeBytes=len(content))
    parts = begun.send_all([content])
    with setting(stack, "ProcessUploadFunction", MAX_IMAGE_PIXELS="none"):
        aws(stack, "s3").complete_multipart_upload(
            Bucket=stack.uploads_bucket,
            Key=begun.key,
            UploadId=begun.created["uploadId"],
            MultipartUpload={"Parts": parts},
        )
        assert begun.complete(parts).raise_for_status().json()["photoId"] == begun.photo_id
    report = {"status": "uploaded"}  # the event would come again after minutes
    assert ada.api.put(f"/photos/{begun.photo_id}/status", json=report).status_code == 200
    assert ada.wait(begun.photo_id)["status"] == "completed"


def test_parts_that_s3_has_no_more_cannot_be_completed(ada: Client, stack: Stack) -> None:
    begun = Upload(ada)
    parts = begun.send_all([big_jpeg(1000)])
    aws(stack, "s3").abort_multipart_upload(
        Bucket=stack.uploads_bucket, Key=begun.key, UploadId=begun.created["uploadId"]
    )
    assert_is_error(begun.complete(parts), 404, "UploadNotFound")


def in_parts(stack: Stack, key: str) -> list[Any]:
    found = aws(stack, "s3").list_multipart_uploads(Bucket=stack.uploads_bucket, Prefix=key)
    return list(found.get("Uploads", []))


# ---------------------------------------------------------------- two at once


def ask_and_delete(stack: Stack, photo_id: str, ask: Callable[[], Any]) -> Any:
    """Ask for a thumbnail of 2048 pixels in AVIF, and delete the photo while it is being made."""
    table, dynamodb = resource(stack, "PhotosTable"), aws(stack, "dynamodb")

    def row(name: str) -> Any:
        return {"TableName": table, "Key": {"photoId": {"S": photo_id}, "row": {"S": name}}}

    with ThreadPoolExecutor() as pool:
        asked = pool.submit(ask)
        until(lambda: "Item" in dynamodb.get_item(**row("thumbnail#2048.avif")))
        dynamodb.delete_item(**row("photo"))  # what deleting a photo does last
    return asked.result()


def test_a_thumbnail_of_a_photo_that_is_deleted_meanwhile_is_erased(
    ada: Client, stack: Stack
) -> None:
    photo = upload(ada, pictures.jpeg(6000, 4000))
    path, key = f"/photos/{photo['photoId']}/thumbnail", Record(stack, photo).key
    query = {"res": "2048", "format": "avif"}
    answer = ask_and_delete(stack, photo["photoId"], lambda: ada.api.get(path, params=query))
    assert_is_error(answer, 404, "PhotoNotFound")
    assert thumbnails_in_bucket(stack, key) == []


def test_a_picture_of_a_photo_that_is_deleted_while_the_edge_asks_for_it_is_erased(
    ada: Client, stack: Stack
) -> None:
    photo = upload(ada, pictures.jpeg(6000, 4000))
    url, key = at(photo, "2048,format=avif"), Record(stack, photo).key
    answer = ask_and_delete(stack, photo["photoId"], lambda: ada.storage.get(url))
    assert answer.status_code == 404
    assert thumbnails_in_bucket(stack, key) == []


def test_a_picture_of_a_student_that_is_deleted_while_the_edge_asks_for_it_is_erased(
    staff: Client, stack: Stack
) -> None:
    student = create(staff)
    shown = show(staff, student, pictures.jpeg(6000, 4000))
    (picture_id,) = picture_ids(stack, student)
    assert staff.storage.get(at(shown["picture"], "320")).status_code == 200
    url = at(shown["picture"], "2048,format=avif")
    answer = ask_and_delete(stack, picture_id, lambda: staff.storage.get(url))
    assert answer.status_code == 404
    assert thumbnails_in_bucket(stack, shown["pictureKey"]) == []


def test_deleting_an_event_ends_uploads_and_takes_photos_that_change_meanwhile(
    ada: Client, stack: Stack
) -> None:
    event_id = make_event(ada)["eventId"]
    begun = [
        Upload(ada, eventId=event_id, sizeBytes=1000, filename=f"{n}.jpg").photo_id
        for n in range(12)
    ]
    keys = [f"uploads/event_{event_id}/{photo_id}.jpg" for photo_id in begun]
    ada.api.delete(f"/events/{event_id}", params={"photos": "delete"}).raise_for_status()
    change_between(stack, begun[0], begun[-1])  # the oldest is deleted first
    until(lambda: all(ada.api.get(f"/photos/{one}").status_code == 404 for one in begun))
    assert [in_parts(stack, key) for key in keys] == [[]] * len(keys)


def test_the_last_of_an_event_goes_when_nothing_more_can_come(ada: Client, stack: Stack) -> None:
    event_id = make_event(ada)["eventId"]
    ada.api.delete(f"/events/{event_id}").raise_for_status()
    assert rows(stack, event_id) == 1
    # The last check, which PurgeEvent itself would send so that it comes a minute later.
    send(stack, "PurgeQueue", eventId=event_id, correlationId=event_id, lastLook=True)
    until(lambda: rows(stack, event_id) == 0)


def test_deleting_a_student_takes_pictures_that_change_meanwhile(
    staff: Client, stack: Stack
) -> None:
    student = create(staff)
    for _ in range(5):
        ask(staff, student)
    ids = picture_ids(stack, student)
    assert len(ids) == 5
    with ThreadPoolExecutor() as pool:
        deleted = pool.submit(staff.api.delete, path_of(student))
        change_between(stack, ids[0], ids[-1])
    assert deleted.result().status_code == 204
    assert picture_ids(stack, student) == []


def test_a_picture_whose_message_comes_twice_stays_shown(staff: Client, stack: Stack) -> None:
    student = create(staff)
    shown = show(staff, student, pictures.jpeg())
    (picture_id,) = picture_ids(stack, student)
    queue = resource(stack, "ThumbnailsQueue")
    forget_messages(stack, "ThumbnailsQueue")
    send(stack, "ThumbnailsQueue", photoId=picture_id)
    until(lambda: is_empty(aws(stack, "sqs"), queue))
    now = staff.api.get(path_of(student)).json()
    assert now["pictureKey"] == shown["pictureKey"]
    assert now["picture"]["status"] == "completed"


def picture_ids(stack: Stack, student: Any) -> list[str]:
    """Return the ids of all versions of a student's picture, in the order of their deletion."""
    found = aws(stack, "dynamodb").query(
        TableName=resource(stack, "PhotosTable"),
        IndexName="byOwner",
        KeyConditionExpression="ownerList = :list",
        ExpressionAttributeValues={":list": {"S": f"student_{student['studentId']}"}},
    )
    return [item["photoId"]["S"] for item in found["Items"]]


def forget_messages(stack: Stack, queue: str) -> None:
    """Lose what is in a queue, such as a message that failed before and comes again later."""
    aws(stack, "sqs").purge_queue(QueueUrl=resource(stack, queue))


def lose_lease(stack: Stack, photo: Any, name: str) -> None:
    """Leave the lease of a request that began to make a thumbnail, and never finished."""
    aws(stack, "dynamodb").put_item(
        TableName=resource(stack, "PhotosTable"),
        Item={
            "photoId": {"S": photo["photoId"]},
            "row": {"S": f"thumbnail#{name}"},
            "lapsesAt": {"N": "1"},
            "isQueued": {"BOOL": False},
            "removeAt": {"N": "9999999999"},
        },
    )


def test_the_queue_makes_a_thumbnail_of_a_video_that_a_request_did_not_finish(
    ada: Client, stack: Stack
) -> None:
    photo = upload(ada, videos.video(), contentType="video/mp4")
    lose_lease(stack, photo, "320.webp")
    path = f"/photos/{photo['photoId']}/thumbnail"
    assert ada.api.get(path, params={"res": "320"}).status_code == 202
    until(lambda: ada.api.get(path, params={"res": "320"}).status_code == 200)


def test_the_queue_makes_a_picture_that_the_edge_did_not_get(ada: Client, stack: Stack) -> None:
    photo = upload(ada, pictures.jpeg(800, 600))
    lose_lease(stack, photo, "320.webp")
    stands_in = ada.storage.get(at(photo, "320")).raise_for_status()
    assert "max-age=2" in stands_in.headers["cache-control"]
    until(lambda: "immutable" in ada.storage.get(at(photo, "320")).headers["cache-control"])
