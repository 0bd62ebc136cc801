"""Multipart uploads: the plan, what is charged, what S3 and time leave behind."""

import base64
import json
import time
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from photodrop import file_types
from photodrop.aws import storage
from photodrop.aws.tables import Photo, UploadToken, Usage
from photodrop.config import settings as current_settings
from photodrop.domain import lifecycle, multipart_signing, upload_tokens, uploads
from photodrop.domain.callers import Caller
from photodrop.errors import InvalidRequestError, UploadTokenExpiredError
from photodrop.http.fields import MAX_CHECKSUMS_PER_BATCH, MAX_PARTS_PER_BATCH
from photodrop.http.schemas.multipart import SignRequest, UploadMetadata
from photodrop.status import Status
from tests.support import events, gateway, landing, pictures
from tests.unit.test_recovery import expire, make_due

MIB = 1024**2
BUCKET = "photodrop-uploads"
LARGEST = 5 * 1024**4


@given(st.integers(min_value=1, max_value=LARGEST))
def test_any_size_fits_into_the_plan(size: int) -> None:
    part = multipart_signing.part_size(size)
    count = -(-size // part)
    assert 1 <= count <= multipart_signing.MAX_PARTS
    assert part % MIB == 0
    assert multipart_signing.MIN_PART_BYTES <= part <= uploads.MAX_SINGLE_BYTES
    assert (count - 1) * part < size <= count * part


def test_parts_are_small_until_there_would_be_too_many() -> None:
    assert multipart_signing.part_size(80_000 * MIB) == 8 * MIB
    assert multipart_signing.part_size(80_000 * MIB + 1) == 9 * MIB
    assert multipart_signing.part_size(LARGEST) == 525 * MIB


@given(st.integers(1, LARGEST), st.integers(multipart_signing.MIN_PART_BYTES, 5 * 1024**3))
def test_the_lengths_of_a_plan_are_the_file(size: int, part: int) -> None:
    photo = Photo("id", size_bytes=size, charged_bytes=size, part_bytes=part)
    count = -(-size // part)
    if count > multipart_signing.MAX_PARTS:
        with pytest.raises(InvalidRequestError):
            multipart_signing.check_part_size(size, part)
        return
    multipart_signing.check_part_size(size, part)
    assert {multipart_signing.part_length(photo, n) for n in range(1, count)} <= {part}
    assert multipart_signing.part_length(photo, count) == size - (count - 1) * part
    with pytest.raises(InvalidRequestError):
        multipart_signing.part_length(photo, count + 1)


@given(st.integers(1, LARGEST), st.integers(multipart_signing.MIN_PART_BYTES, 5 * 1024**3))
def test_without_a_plan_no_part_is_refused_that_a_client_may_need(size: int, part: int) -> None:
    """Uppy's parts are as large as its page says, and never smaller than S3 allows."""
    part = max(part, -(-size // multipart_signing.MAX_PARTS))
    for photo in (
        Photo("id", size_bytes=size, charged_bytes=size),
        Photo("id", size_bytes=None, charged_bytes=size),
    ):
        assert multipart_signing.part_length(photo, -(-size // part)) is None
        smallest = -(-size // multipart_signing.MIN_PART_BYTES)
        with pytest.raises(InvalidRequestError):
            multipart_signing.part_length(photo, smallest + 1)


def call(name: str, *, key: str | None = None, body: Any = None, user: str = "ada") -> Any:
    """Call a Companion function with its event file's path; return the status and the body."""
    query = None if key is None else {"key": key}
    event = events.request(name, query=query, body=body, user=user)
    response = import_module(name).handler(event, events.CONTEXT)
    return response["statusCode"], json.loads(response["body"])


def begin(**metadata: Any) -> Any:
    wish = {"filename": "big.jpg", "type": "image/jpeg", "metadata": metadata}
    status, body = call("begin_upload", body=wish)
    assert status == 200, body
    return body


def send(created: Any, *parts: bytes) -> list[dict[str, Any]]:
    s3 = boto3.client("s3")
    sent = []
    for number, content in enumerate(parts, 1):
        part = s3.upload_part(
            Bucket=BUCKET,
            Key=created["key"],
            UploadId=created["uploadId"],
            PartNumber=number,
            Body=content,
        )
        sent.append({"PartNumber": number, "ETag": part["ETag"]})
    return sent


def complete(created: Any, parts: list[dict[str, Any]]) -> Any:
    event = events.request("complete_upload", query={"key": created["key"]}, user="ada")
    event["path"] = f"/s3/multipart/{created['uploadId']}/complete"
    event["body"] = json.dumps({"parts": parts})
    response = import_module("complete_upload").handler(event, events.CONTEXT)
    return response["statusCode"], json.loads(response["body"])


def refuse_completion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let S3 answer as it does when another request writes to the key at the same moment."""
    answer = {
        "Error": {"Code": "ConditionalRequestConflict", "Message": "At least one of..."},
        "ResponseMetadata": {"HTTPStatusCode": 409},
    }
    make = BaseClient._make_api_call

    def refusing(client: Any, operation: str, arguments: Any) -> Any:
        if operation == "CompleteMultipartUpload":
            raise ClientError(answer, operation)  # type: ignore[arg-type]
        return make(client, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", refusing)


def photo_of(created: Any) -> Photo:
    return Photo.get(created["photoId"], "photo")


def held() -> tuple[int, int]:
    usage = Usage.get("ada")
    return int(usage.held_photos), int(usage.held_bytes)


def open_uploads() -> list[str]:
    found = boto3.client("s3").list_multipart_uploads(Bucket=BUCKET)
    return [upload["Key"] for upload in found.get("Uploads", [])]


@pytest.mark.usefixtures("aws")
class TestCharging:
    def test_what_is_announced_is_charged_at_once_and_freed_by_cancelling(self) -> None:
        created = begin(sizeBytes="5000")
        assert held() == (1, 5000)
        for _ in range(2):
            assert call("cancel_upload", key=created["key"]) == (200, {})
            assert held() == (0, 0)
        assert open_uploads() == []

    def test_cancelling_by_a_signed_request_removes_the_parts_before_it_frees_them(self) -> None:
        created = begin(sizeBytes="5000")
        send(created, b"x" * 5000)
        wish = {"method": "DELETE", "key": created["key"], "uploadId": created["uploadId"]}
        for _ in range(2):
            assert call("sign_request", body=wish)[0] == 200
            assert open_uploads() == []
            assert held() == (0, 0)

    def test_an_unknown_size_is_reserved_and_settled_once_it_is_complete(
        self, settings: Any
    ) -> None:
        settings(MAX_UNANNOUNCED_BYTES=100_000)
        created = begin()
        content = pictures.jpeg()
        assert held() == (1, 100_000)
        parts = send(created, content)
        for _ in range(2):
            assert complete(created, parts)[0] == 200
            assert held() == (1, len(content))
        assert photo_of(created).size_bytes == len(content)

    def test_an_unknown_size_needs_as_much_as_is_reserved(self, settings: Any) -> None:
        settings(MAX_UNANNOUNCED_BYTES=100_000, MAX_BYTES_PER_USER=150_000)
        begin()
        status, body = call("begin_upload", body={"filename": "big.jpg"})
        assert (status, body["code"]) == (429, "LimitExceeded")
        begin(sizeBytes="50000")
        assert held() == (2, 150_000)

    def test_more_than_was_reserved_is_not_completed(self, settings: Any) -> None:
        settings(MAX_UNANNOUNCED_BYTES=100)
        created = begin(tags="a,b")
        parts = send(created, b"x" * 101)
        status, body = complete(created, parts)
        assert (status, body["code"]) == (413, "FileTooLarge")
        assert photo_of(created).status == "pending"
        assert held() == (1, 100)

    def test_an_announced_size_beyond_the_limits_is_refused_at_once(self, settings: Any) -> None:
        settings(MAX_BYTES_PER_USER=100)
        for size, status in ((101, 429), (20_000_000, 413)):
            wish = {"filename": "big.jpg", "metadata": {"sizeBytes": size}}
            assert call("begin_upload", body=wish)[0] == status
        assert Usage.count() == 0
        assert open_uploads() == []

    def test_images_in_parts_may_be_no_larger_than_other_images(self, settings: Any) -> None:
        settings(MAX_IMAGE_BYTES=100)
        created = begin()
        status, body = complete(created, send(created, b"x" * 101))
        assert (status, body["code"]) == (413, "FileTooLarge")

    def test_a_file_that_lands_without_an_announced_size_is_charged_once(self) -> None:
        photo, content = granted(), pictures.jpeg()
        landed = landing.put(photo.key, content)
        for _ in range(3):
            landing.deliver(landed)
        assert held() == (1, len(content))
        assert landing.reload(photo).status == "processing"

    def test_what_was_cancelled_in_the_meantime_is_not_charged(self) -> None:
        created = begin(tags="a")
        stale, late = photo_of(created), photo_of(created)
        assert call("cancel_upload", key=created["key"]) == (200, {})
        stale.set_size(5000)
        assert stale.status == "failed"
        assert held() == (0, 0)
        assert not lifecycle.advance(late, Status.UPLOADED)
        assert landing.reload(late).status == "failed"

    def test_a_file_of_unknown_size_that_is_more_than_was_reserved_fails(
        self, settings: Any
    ) -> None:
        settings(MAX_UNANNOUNCED_BYTES=10)
        photo = granted()
        landing.deliver(landing.put(photo.key, pictures.jpeg()))
        assert landing.failure_code(photo) == "FileTooLarge"
        assert held() == (0, 0)

    def test_a_form_takes_no_more_than_was_reserved(self, settings: Any) -> None:
        settings(MAX_UNANNOUNCED_BYTES=12_345)
        policy = uploads.grant_post(granted()).fields["policy"]
        conditions = json.loads(base64.b64decode(policy))["conditions"]
        assert ["content-length-range", 0, 12_345] in conditions


@pytest.mark.usefixtures("aws")
class TestLengths:
    def test_parts_of_a_plan_are_signed_with_their_length(self) -> None:
        created = begin(sizeBytes=str(6 * MIB + 1), partSizeBytes=str(6 * MIB))
        assert (created["partSizeBytes"], created["partCount"]) == (6 * MIB, 2)
        for number in (1, 2):
            signed = multipart_signing.sign_part(photo_of(created), "upload", number)
            names = parse_qs(urlsplit(signed.url).query)["X-Amz-SignedHeaders"]
            assert names == ["content-length;host"]
            assert signed.headers == {"Content-Length": str([0, 6 * MIB, 1][number])}
            assert signed.headers_to_set == {}

    @pytest.mark.parametrize(
        ("metadata", "field"),
        [
            ({"partSizeBytes": 6 * MIB}, "metadata.partSizeBytes"),
            ({"partSizeBytes": 5 * MIB - 1, "sizeBytes": 5}, "metadata.partSizeBytes"),
            ({"partSizeBytes": 5 * 1024**3 + 1, "sizeBytes": 5}, "metadata.partSizeBytes"),
            ({"partSizeBytes": "many", "sizeBytes": 5}, "metadata.partSizeBytes"),
        ],
    )
    def test_a_plan_that_s3_would_not_take_is_refused(self, metadata: Any, field: str) -> None:
        wish = {"filename": "big.jpg", "type": "image/jpeg", "metadata": metadata}
        status, body = call("begin_upload", body=wish)
        assert (status, body["fields"][0]["field"]) == (400, field)

    def test_more_parts_in_s3_than_are_charged_end_the_upload(self) -> None:
        created = begin(sizeBytes="1")
        send(created, b"x" * (5 * MIB), b"x")
        photo = photo_of(created)
        assert time.time() < photo.due_at <= time.time() + uploads.PARTS_CHECK_SECONDS
        make_due(photo)
        expire()
        photo = photo_of(created)
        assert (photo.status, photo.failure.code) == ("failed", "FileTooLarge")
        assert open_uploads() == []
        assert held() == (0, 0)

    def test_an_upload_that_is_begun_again_and_again_is_counted_as_one(self) -> None:
        created = begin(sizeBytes=str(6 * MIB))
        for _ in range(2):
            again = boto3.client("s3").create_multipart_upload(Bucket=BUCKET, Key=created["key"])
            send(created | {"uploadId": again["UploadId"]}, b"x" * (4 * MIB))
        make_due(photo_of(created))
        expire()
        assert photo_of(created).status == "failed"
        assert open_uploads() == []

    def test_an_upload_that_holds_what_it_may_is_looked_at_every_hour(self) -> None:
        created = begin(sizeBytes="10")
        send(created, b"x" * 10)
        make_due(photo_of(created))
        expire()
        photo = photo_of(created)
        assert photo.status == "pending"
        assert time.time() + 3000 < photo.due_at <= time.time() + 3600
        assert len(open_uploads()) == 1


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("reached", list(Status))
@pytest.mark.parametrize("to", [Status.UPLOADED, Status.PROCESSING, Status.COMPLETED])
def test_no_photo_goes_back(reached: Status, to: Status) -> None:
    photo = granted()
    assert photo.change(status=reached)
    order = [Status.PENDING, Status.UPLOADED, Status.PROCESSING, Status.COMPLETED]
    is_next = reached in order and order.index(to) == order.index(reached) + 1
    assert lifecycle.advance(photo, to) == is_next
    assert landing.reload(photo).status == (to if is_next else reached)


def granted() -> Photo:
    """Begin an upload by a form, without a size."""
    event = events.request("begin_upload", query={"filename": "a.jpg"}, user="ada")
    event |= {"path": "/s3/params", "httpMethod": "GET", "body": None}
    response = import_module("begin_upload").handler(event, events.CONTEXT)
    assert response["statusCode"] == 200, response
    return photo_of(json.loads(response["body"]))


@pytest.mark.usefixtures("aws")
class TestTime:
    def test_an_abandoned_upload_expires_and_frees_everything(self) -> None:
        created = begin(sizeBytes="5000")
        send(created, b"x")
        photo = photo_of(created)
        days = current_settings().abandoned_upload_days
        assert uploads.deadline(photo) == pytest.approx(time.time() + days * 24 * 3600, abs=60)
        make_due(photo, created_at="2026-01-01T00:00:00.000Z")
        expire()
        assert landing.failure_code(photo) == "UploadExpired"
        assert open_uploads() == []
        assert held() == (0, 0)

    def test_one_that_its_client_was_about_to_complete_goes_on(self) -> None:
        created = begin()
        send(created, pictures.jpeg())
        wish = {"method": "POST", "key": created["key"], "uploadId": created["uploadId"]}
        status, _ = call("sign_request", body=wish)
        assert status == 200
        soon = photo_of(created).due_at
        assert soon < uploads.deadline(photo_of(created))
        photo = make_due(photo_of(created))
        expire()
        assert landing.reload(photo).status == "pending"
        assert landing.reload(photo).due_at == pytest.approx(time.time() + 3600, abs=60)
        assert open_uploads() == [created["key"]]

    def test_a_lost_answer_and_a_lost_event_are_both_healed_by_completing_again(self) -> None:
        created = begin()
        parts = send(created, pictures.jpeg())
        boto3.client("s3").complete_multipart_upload(
            Bucket=BUCKET,
            Key=created["key"],
            UploadId=created["uploadId"],
            MultipartUpload={"Parts": parts},  # type: ignore[typeddict-item]
        )
        status, body = complete(created, parts)
        assert (status, body["status"]) == (200, "uploaded")
        photo = photo_of(created)
        assert photo.version_id
        assert photo.due_at < uploads.deadline(photo), "looked after soon, should the event be lost"

    def test_what_was_refused_before_the_answer_came_is_complete(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        created = begin()
        parts = send(created, b"no picture")
        join = storage.complete_multipart

        def join_and_verify(*arguments: Any) -> Any:
            joined = join(*arguments)
            landing.deliver(storage.find_original(created["key"], None))
            return joined

        monkeypatch.setattr(storage, "complete_multipart", join_and_verify)
        assert complete(created, parts)[0] == 200
        status, body = complete(created, parts)
        assert (status, body["status"]) == (200, "failed")
        assert landing.failure_code(photo_of(created)) == "UnsupportedContent"

    def test_a_conflict_at_s3_means_to_begin_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        created = begin(sizeBytes="5")
        parts = send(created, b"12345")
        refuse_completion(monkeypatch)
        status, body = complete(created, parts)
        assert (status, body["code"]) == (409, "UploadConflict")
        assert "again" in body["message"]
        assert call("cancel_upload", key=created["key"]) == (200, {})
        assert held() == (0, 0)

    def test_a_conflict_with_the_same_call_a_moment_before_is_its_success(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        content = pictures.jpeg()
        created = begin(sizeBytes=str(len(content)))
        parts = send(created, content)
        landed = landing.put(created["key"], content)
        refuse_completion(monkeypatch)
        status, body = complete(created, parts)
        assert (status, body["status"]) == (200, "uploaded")
        assert photo_of(created).version_id == landed["versionId"]

    def test_completing_what_never_was_is_404(self) -> None:
        created = begin()
        created["uploadId"] = "none"
        status, body = complete(created, [{"PartNumber": 1, "ETag": "x"}])
        assert (status, body["code"]) == (404, "UploadNotFound")


@pytest.mark.usefixtures("aws")
class TestTokens:
    def test_a_token_stands_for_its_user_and_is_not_in_the_table(self) -> None:
        caller = Caller("ada", "ada@example.com", frozenset({"staff"}))
        token, _ = upload_tokens.create(caller)
        found = upload_tokens.caller_of(token)
        assert (found.user_id, found.email, found.groups) == ("ada", "ada@example.com", frozenset())
        assert token not in json.dumps([row.to_simple_dict() for row in UploadToken.scan()])

    def test_no_two_are_the_same(self) -> None:
        caller = Caller("ada", None, frozenset())
        tokens = {upload_tokens.create(caller)[0] for _ in range(10)}
        assert len(tokens) == 10
        assert all(len(token) == 43 for token in tokens)

    def test_an_old_or_a_wrong_one_is_refused(self, settings: Any) -> None:
        settings(UPLOAD_TOKEN_TTL_SECONDS=0)
        token, _ = upload_tokens.create(Caller("ada", None, frozenset()))
        for wrong in (token, "", "x" * 43):
            with pytest.raises(UploadTokenExpiredError):
                upload_tokens.caller_of(wrong)


@pytest.mark.parametrize(
    ("type_", "name", "meant"),
    [
        ("image/jpeg", "a", "image/jpeg"),
        (" IMAGE/JPEG; charset=x", "a", "image/jpeg"),
        ("image/jpg", "a", "image/jpeg"),
        (None, "a.JPEG", "image/jpeg"),
        ("", "a.b.heic", "image/heic"),
        ("application/octet-stream", "a.mov", "video/quicktime"),
        ("application/pdf", "a.jpg", None),
        ("application/octet-stream", "jpg", "image/jpeg"),
        (None, "a.exe", None),
        (None, "", None),
    ],
)
def test_what_type_a_client_means(type_: str | None, name: str, meant: str | None) -> None:
    assert file_types.accepted_type(type_, name) == meant


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("0b0a7c58-6f9f-4b0e-9b56-6f6f9b1f2a11-été.jpg", "été.jpg"),
        ("0b0a7c58-6f9f-4b0e-9b56-6f6f9b1f2a11-", "0b0a7c58-6f9f-4b0e-9b56-6f6f9b1f2a11-"),
        ("folder/a b+c.jpg", "a b+c.jpg"),
        ("a" * 300 + ".jpg", "a" * 251 + ".jpg"),
    ],
)
def test_a_file_is_named_by_the_key_that_uppy_proposes(key: str, name: str) -> None:
    assert SignRequest(method="PUT", key=key).file_name == name


@pytest.mark.parametrize("nothing", [None, "", "null", "undefined"])
def test_what_clients_write_for_nothing_is_nothing(nothing: str | None) -> None:
    fields = ["eventId", "title", "description", "tags", "sizeBytes", "partChecksums"]
    metadata = UploadMetadata.model_validate(dict.fromkeys(fields, nothing) | {"name": "a.jpg"})
    assert set(metadata.model_dump().values()) == {None}


@pytest.mark.parametrize(
    ("tags", "read"),
    [
        ("a, B ,,a", ["a", "b"]),
        ('["a, b", "c"]', ["a, b", "c"]),
        (["a, b"], ["a, b"]),
        ("été", ["été"]),
        (",", []),
    ],
)
def test_tags_come_as_words_or_as_json(tags: Any, read: list[str]) -> None:
    assert UploadMetadata(tags=tags).tags == read


MOST_BYTES = 10_240
"""What API Gateway takes of a request line and all headers together (quotas of REST APIs)."""


def test_what_may_be_asked_of_a_batch_fits_in_a_request() -> None:
    headers_bytes = 2_048 + 1_024  # an ID token of a user in some groups, and what browsers send
    key = f"uploads/event_{'0' * 36}/{'0' * 36}.heic"
    path = f"/prod/s3/multipart/{'u' * 150}/batch"
    numbers = ",".join(str(number) for number in range(9_000, 9_000 + MAX_PARTS_PER_BATCH))
    checksums = ",".join(["f" * 64] * MAX_CHECKSUMS_PER_BATCH)
    few = numbers[: 5 * MAX_CHECKSUMS_PER_BATCH - 1]
    for query in (
        {"key": key, "partNumbers": numbers},
        {"key": key, "partNumbers": few, "checksumsSha256": checksums},
    ):
        assert headers_bytes + len(f"GET {path}?{urlencode(query)} HTTP/1.1\r\n") <= MOST_BYTES
    for wrong in (
        {"partNumbers": f"1,{numbers}"},
        {"partNumbers": f"1,{few}", "checksumsSha256": f"{'f' * 64},{checksums}"},
    ):
        answer = gateway.call(
            "get",
            "/s3/multipart/{uploadId}/batch",
            parameters={"uploadId": "u"},
            query={"key": key} | wrong,
            claims={"sub": events.USER},
        )
        assert answer.status == 400
        assert "must have at most" in answer.body["message"]
