import base64
import hashlib
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import boto3
import pytest

import initiate_upload
import view_photo
from photodrop.aws.tables import IdempotencyRecord, Photo, Usage
from photodrop.aws.tables.connection import CONNECTION
from photodrop.domain import photo_deletion, uploads
from tests.support import aws_calls, events, landing
from tests.support.template import resources

pytestmark = pytest.mark.usefixtures("aws")

WISH: dict[str, Any] = {"fileName": "sunset.jpg", "contentType": "image/jpeg", "sizeBytes": 1024}


def initiate(body: Any = WISH, **parts: Any) -> tuple[int, Any, dict[str, list[str]]]:
    event = events.request("initiate_upload", body=body, **parts)
    if "headers" not in parts:
        del event["headers"]["Idempotency-Key"], event["multiValueHeaders"]["Idempotency-Key"]
    response = initiate_upload.handler(event, events.CONTEXT)
    return response["statusCode"], json.loads(response["body"]), response["multiValueHeaders"]


def test_the_event_file_is_granted() -> None:
    response = initiate_upload.handler(events.load("initiate_upload"), events.CONTEXT)
    assert response["statusCode"] == 201


def test_grants_a_put_with_everything_signed() -> None:
    digest = hashlib.sha256(b"x").digest()
    status, body, _ = initiate(WISH | {"checksumSha256": digest.hex()})
    assert status == 201
    assert set(body) == {"photoId", "key", "status", "upload"}
    assert body["status"] == "pending"
    assert body["key"] == f"uploads/user_{events.USER}/{body['photoId']}.jpg"
    upload = body["upload"]
    assert upload["method"] == "PUT"
    assert upload["fields"] == {}
    assert upload["headers"] == {
        "Content-Type": "image/jpeg",
        "If-None-Match": "*",
        "x-amz-checksum-sha256": base64.b64encode(digest).decode(),
    }
    signed = parse_qs(urlsplit(upload["url"]).query)["X-Amz-SignedHeaders"][0].split(";")
    assert signed == [
        "content-length", "content-type", "host", "if-none-match", "x-amz-checksum-sha256",
    ]  # fmt: skip


def test_grants_a_form_of_exactly_that_key_type_and_length() -> None:
    _, body, _ = initiate(WISH | {"method": "POST"})
    upload = body["upload"]
    assert upload["method"] == "POST"
    assert upload["headers"] == {}
    assert upload["fields"]["key"] == body["key"]
    policy = json.loads(base64.b64decode(upload["fields"]["policy"]))
    assert ["content-length-range", 1024, 1024] in policy["conditions"]
    assert {"key": body["key"]} in policy["conditions"]
    assert {"Content-Type": "image/jpeg"} in policy["conditions"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"tags": [str(n) for n in range(21)]}, "must have at most 20 items"),
        ({"tags": "lake"}, "must be a list"),
        ({"title": "x" * 201}, "must have at most 200 characters"),
        ({"title": 5}, "must be text"),
        ({"sizeBytes": 0}, "must be at least 1"),
        ({"sizeBytes": 1.5}, "must be a whole number"),
        ({"sizeBytes": "1024"}, "must be a whole number"),
        ({"method": "PATCH"}, "must be 'PUT' or 'POST'"),
    ],
)
def test_what_is_wrong_with_a_field_is_said_in_plain_words(
    wrong: dict[str, Any], message: str
) -> None:
    _, body, _ = initiate(WISH | wrong)
    assert [field["message"] for field in body["fields"]] == [message]


def test_records_the_photo_as_pending_with_the_requests_id() -> None:
    _, body, _ = initiate(WISH | {"title": " Sunset ", "tags": ["Lake", "lake ", "Été\t2024"]})
    photo = Photo.get(body["photoId"], "photo")
    assert photo.status == "pending"
    assert photo.owner_id == events.USER
    assert photo.title == "Sunset"
    assert photo.tags == ["lake", "été 2024"]
    assert photo.correlation_id == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    assert photo.due_at > 0


@pytest.mark.parametrize(
    "name", ["a b+c(1).jpg", "日本語 ☀️.jpg", "r\u0301sume\u0301.jpg", "%2e%2e", "x" * 255]
)
def test_user_text_stays_out_of_keys_urls_and_headers(name: str) -> None:
    _, body, _ = initiate(WISH | {"fileName": name, "title": name[:200]})
    upload = body["upload"]
    carried = body["key"] + unquote(upload["url"]) + json.dumps(upload["headers"])
    assert carried.isascii()
    assert name not in carried


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({}, ["contentType", "fileName", "sizeBytes"]),
        (WISH | {"fileName": ""}, ["fileName"]),
        (WISH | {"fileName": "../etc/passwd"}, ["fileName"]),
        (WISH | {"fileName": "a\x00b"}, ["fileName"]),
        (WISH | {"fileName": "x" * 256}, ["fileName"]),
        (WISH | {"contentType": "text/html"}, ["contentType"]),
        (WISH | {"sizeBytes": 0}, ["sizeBytes"]),
        (WISH | {"sizeBytes": "1024"}, ["sizeBytes"]),
        (WISH | {"sizeBytes": 1.5}, ["sizeBytes"]),
        (WISH | {"sizeBytes": True}, ["sizeBytes"]),
        (WISH | {"title": "x" * 201, "description": 5}, ["description", "title"]),
        (WISH | {"tags": ["ok", "", "x" * 51]}, ["tags.1", "tags.2"]),
        (WISH | {"tags": [str(n) for n in range(21)]}, ["tags"]),
        (WISH | {"checksumSha256": "abc"}, ["checksumSha256"]),
        (WISH | {"method": "PATCH"}, ["method"]),
        (WISH | {"colour": "red"}, ["colour"]),
        ("not json", ["body"]),
        ("[]", ["body"]),
        ("null", ["body"]),
    ],
)
def test_names_every_wrong_field_at_once(wrong: Any, fields: list[str]) -> None:
    status, body, headers = initiate(wrong)
    assert status == 400
    assert body["code"] == "InvalidRequest"
    assert sorted(field["field"] for field in body["fields"]) == fields
    assert all(field["message"] and field["field"] in body["message"] for field in body["fields"])
    assert body["requestId"] == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    assert headers["Access-Control-Allow-Origin"] == ["https://photos.example.com"]


def test_refuses_a_file_that_is_too_large_with_its_own_code() -> None:
    status, body, _ = initiate(WISH | {"sizeBytes": 10_000_001})
    assert (status, body["code"]) == (413, "FileTooLarge")
    assert "10000000" in body["message"]


def test_a_largest_file_is_granted() -> None:
    assert initiate(WISH | {"sizeBytes": 10_000_000})[0] == 201


def test_nobody_signed_in_is_401() -> None:
    status, body, headers = initiate(user=None)
    assert (status, body["code"]) == (401, "Unauthorized")
    assert headers["Access-Control-Allow-Origin"] == ["https://photos.example.com"]


def test_the_same_idempotency_key_gives_the_same_photo_once() -> None:
    first = initiate(headers={"Idempotency-Key": "a"})[1]
    second = initiate(headers={"Idempotency-Key": "a"})[1]
    assert second["photoId"] == first["photoId"]
    assert second["upload"]["method"] == "PUT"
    assert Usage.get(events.USER).held_photos == 1
    assert Usage.get(events.USER).held_bytes == 1024


def test_a_repeated_request_gets_its_first_answer_whatever_the_limits_have_become(
    settings: Callable[..., None],
) -> None:
    key = {"Idempotency-Key": "a"}
    first = initiate(headers=key)[1]
    usage = Usage.get(events.USER)
    usage.update([Usage.full_at.set((time.time() + 600) * 1e6 // 1)])
    assert initiate()[0] == 429
    assert initiate(headers=key)[1]["photoId"] == first["photoId"]
    usage.update([Usage.full_at.set(0)])
    for limit in ("MAX_PHOTOS_PER_USER", "MAX_BYTES_PER_USER"):
        settings(**{limit: 1})
        status, body, _ = initiate(headers=key)
        assert (status, body["photoId"]) == (201, first["photoId"])
        assert initiate()[0] == 429
        assert initiate(headers={"Idempotency-Key": "b"})[0] == 429
    assert Usage.get(events.USER).attribute_values == usage.attribute_values


def test_a_key_of_a_deleted_photo_begins_another_one_with_an_id_of_its_own() -> None:
    key = {"Idempotency-Key": "a"}
    first = initiate(headers=key)[1]
    photo_deletion.delete(Photo.get(first["photoId"], "photo"))
    second = initiate(headers=key)[1]
    assert second["photoId"] != first["photoId"]
    assert second["key"] != first["key"]
    assert initiate(headers=key)[1]["photoId"] == second["photoId"]
    assert Usage.get(events.USER).held_photos == 1
    photo_deletion.delete(Photo.get(second["photoId"], "photo"))
    assert initiate(headers=key)[1]["photoId"] not in {first["photoId"], second["photoId"]}


def test_what_landed_for_a_deleted_photo_leaves_its_successor_of_the_same_key_alone() -> None:
    key = {"Idempotency-Key": "a"}
    first = initiate(headers=key)[1]
    late = landing.put(first["key"], b"first")
    photo_deletion.delete(Photo.get(first["photoId"], "photo"))
    second = initiate(headers=key)[1]
    landed = landing.put(second["key"], b"second")
    landing.deliver(late)
    assert Photo.get(second["photoId"], "photo").status == "pending"
    found = boto3.client("s3").head_object(Bucket="photodrop-uploads", Key=second["key"])
    assert found["VersionId"] == landed["versionId"]


def test_no_request_of_a_user_is_shown_as_a_photo() -> None:
    initiate(headers={"Idempotency-Key": "a"})
    rows = boto3.client("dynamodb").scan(TableName="photos")["Items"]
    (request,) = [row for row in rows if row["row"]["S"] == "request"]
    assert set(request) == {"photoId", "row", "begunPhotoId", "requestHash", "removeAt"}
    assert "a" not in request["photoId"]["S"].split("#")
    path = f"/photos/{quote(request['photoId']['S'], safe='')}"
    answer = view_photo.handler(events.request("view_photo", path=path), events.CONTEXT)
    assert answer["statusCode"] == 404


def test_a_photo_of_an_early_version_that_has_the_requests_hash_itself_is_found_again() -> None:
    key = {"Idempotency-Key": "a"}
    first = initiate(headers=key)[1]
    photo = Photo.get(first["photoId"], "photo")
    (record,) = (one for one in IdempotencyRecord.scan() if one.request_hash)
    assert photo.request_hash is None, "each index would hold it, and rewrite it with each status"
    photo.update([Photo.request_hash.set(record.request_hash)])
    record.update([IdempotencyRecord.request_hash.remove()])
    assert initiate(headers=key)[1]["photoId"] == first["photoId"]
    assert initiate(WISH | {"sizeBytes": 7}, headers=key)[0] == 409


def test_another_idempotency_key_or_user_gives_another_photo() -> None:
    photos = {
        initiate(headers={"Idempotency-Key": "a"})[1]["photoId"],
        initiate(headers={"Idempotency-Key": "b"})[1]["photoId"],
        initiate(headers={"Idempotency-Key": "a"}, user="somebody-else")[1]["photoId"],
        initiate()[1]["photoId"],
        initiate()[1]["photoId"],
    }
    assert len(photos) == 5


def test_the_same_idempotency_key_with_another_body_is_refused() -> None:
    initiate(headers={"Idempotency-Key": "a"})
    status, body, _ = initiate(WISH | {"sizeBytes": 7}, headers={"Idempotency-Key": "a"})
    assert (status, body["code"]) == (409, "IdempotencyKeyReused")
    assert Usage.get(events.USER).held_bytes == 1024


def test_a_repeated_request_after_the_upload_grants_nothing_more() -> None:
    first = initiate(headers={"Idempotency-Key": "a"})[1]
    Photo.get(first["photoId"], "photo").update([Photo.status.set("completed")])
    status, body, _ = initiate(headers={"Idempotency-Key": "a"})
    assert status == 201
    assert body["status"] == "completed"
    assert body["upload"] is None


def test_over_the_rate_is_429_with_retry_after(settings: Callable[..., None]) -> None:
    settings(UPLOADS_PER_MINUTE=2)
    assert [initiate()[0] for _ in range(3)] == [201, 201, 429]
    status, body, headers = initiate()
    assert (status, body["code"]) == (429, "LimitExceeded")
    assert 1 <= int(headers["Retry-After"][0]) <= 30
    assert initiate(user="somebody-else")[0] == 201


def test_holding_too_many_bytes_or_photos_is_429(settings: Callable[..., None]) -> None:
    settings(MAX_BYTES_PER_USER=2000)
    assert [initiate()[0] for _ in range(2)] == [201, 429]
    assert "2000 bytes" in initiate()[1]["message"]
    settings(MAX_PHOTOS_PER_USER=1, MAX_BYTES_PER_USER=10**9)
    status, body, headers = initiate()
    assert status == 429
    assert "1 photos" in body["message"]
    assert int(headers["Retry-After"][0]) > 60


def test_a_refused_upload_is_charged_nothing(settings: Callable[..., None]) -> None:
    settings(MAX_PHOTOS_PER_USER=1)
    initiate()
    initiate()
    assert Usage.get(events.USER).held_photos == 1


def test_counts_and_times_grants_and_refusals(
    settings: Callable[..., None], output: Callable[[], str]
) -> None:
    settings(UPLOADS_PER_MINUTE=1)
    initiate()
    initiate()
    lines = [json.loads(line) for line in output().splitlines()]
    counted = [line for line in lines if "_aws" in line]
    assert [("GrantsIssued" in line, "GrantsRefused" in line) for line in counted] == [
        (True, False),
        (False, True),
    ]
    assert all(line["GrantTime"][0] > 0 for line in counted)


def test_the_alarm_looks_at_the_time_of_grants_as_it_is_counted(output: Callable[[], str]) -> None:
    initiate()
    (counted,) = [line for line in map(json.loads, output().splitlines()) if "GrantTime" in line]
    (published,) = counted["_aws"]["CloudWatchMetrics"]
    alarm = resources("AWS::CloudWatch::Alarm")["GrantTimeAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == (published["Namespace"], "GrantTime")
    assert {"Name": "GrantTime", "Unit": "Milliseconds"} in published["Metrics"]
    dimensions = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
    assert published["Dimensions"] == [list(dimensions)]
    assert {name: counted[name] for name in dimensions} == dimensions
    assert (alarm["ExtendedStatistic"], alarm["Threshold"]) == ("p99", 200)


def test_logs_the_correlation_id_and_nothing_that_a_user_wrote(
    output: Callable[[], str],
) -> None:
    _, body, _ = initiate(WISH | {"fileName": "secret-name.jpg", "title": "secret-title"})
    initiate({"fileName": "secret-name.jpg", "title": 5, "tags": ["secret-tag" * 9]})
    written = output()
    granted = next(json.loads(line) for line in written.splitlines() if "Upload granted" in line)
    assert granted["correlation_id"] == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    assert granted["photo_id"] == body["photoId"]
    assert "secret" not in written
    assert "X-Amz" not in written
    assert "Bearer" not in written


def test_an_unexpected_error_tells_the_client_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: Any, **__: Any) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(uploads, "begin", break_down)
    status, body, headers = initiate()
    assert (status, body["code"]) == (500, "InternalError")
    assert "hunter2" not in json.dumps(body)
    assert headers["Access-Control-Allow-Origin"] == ["https://photos.example.com"]


@pytest.mark.parametrize(
    "form", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_json_that_curl_calls_a_form_is_taken_for_what_it_is(form: str) -> None:
    assert initiate(headers={"Content-Type": form})[0] == 201
    status, body, _ = initiate("fileName=a.jpg", headers={"Content-Type": form})
    assert (status, body["fields"]) == (400, [{"field": "body", "message": "must be JSON"}])


def test_a_body_of_another_type_is_415() -> None:
    status, body, _ = initiate("a=1", headers={"Content-Type": "text/plain"})
    assert (status, body["code"]) == (415, "UnsupportedMediaType")


def test_a_grant_is_one_call_to_dynamodb_and_in_a_burst_two(
    monkeypatch: pytest.MonkeyPatch, settings: Callable[..., None]
) -> None:
    settings(UPLOADS_PER_MINUTE=10)
    calls = aws_calls.record(monkeypatch, CONNECTION.client)
    initiate()
    assert calls == ["TransactWriteItems"]
    initiate()
    assert calls[1:] == ["TransactWriteItems"] * 2
    calls.clear()
    initiate(headers={"Idempotency-Key": "a"})
    initiate(headers={"Idempotency-Key": "a"})
    assert calls == ["TransactWriteItems"] * 3 + ["GetItem"] * 2
