"""What we rely on the emulator for, beyond the shims: signed uploads, events, queues, state."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import urllib.parse
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.local.small_stack import (
    ORIGIN,
    PASSWORD,
    SmallStack,
    eventually,
    running,
    send,
    worked_off,
)

BODY = b"not really a photo"
SHA256 = base64.b64encode(hashlib.sha256(BODY).digest()).decode()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallStack]:
    with running(tmp_path_factory.mktemp("behaviour")) as stack:
        yield stack


def put_url(stack: SmallStack, key: str, expires_in: int = 60, **extra: Any) -> str:
    parameters = {
        "Bucket": stack.outputs["Bucket"],
        "Key": key,
        "ContentType": "image/jpeg",
        "ContentLength": len(BODY),
        "IfNoneMatch": "*",
        **extra,
    }
    return str(
        stack.uploader_s3().generate_presigned_url("put_object", parameters, ExpiresIn=expires_in)
    )


HEADERS = {"Content-Type": "image/jpeg", "If-None-Match": "*"}


def test_presigned_put_takes_what_was_signed_once(stack: SmallStack) -> None:
    url = put_url(stack, "uploads/once.jpg")

    assert send("PUT", url, BODY, HEADERS).status == 200
    assert send("PUT", url, BODY, HEADERS).status == 412


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (BODY + b"more", HEADERS),
        (BODY, {**HEADERS, "Content-Type": "image/png"}),
        (BODY, {"Content-Type": "image/jpeg"}),
    ],
    ids=["length", "type", "no-if-none-match"],
)
def test_presigned_put_refuses_what_was_not_signed(
    stack: SmallStack, body: bytes, headers: dict[str, str]
) -> None:
    assert send("PUT", put_url(stack, "uploads/other.jpg"), body, headers).status == 403


def test_presigned_put_refuses_another_key_and_an_expired_grant(stack: SmallStack) -> None:
    url = put_url(stack, "uploads/mine.jpg", expires_in=1)

    assert send("PUT", url.replace("mine.jpg", "yours.jpg"), BODY, HEADERS).status == 403
    time.sleep(2.1)  # the grant's own second, and the clock's granularity
    assert send("PUT", url, BODY, HEADERS).status == 403


def test_presigned_put_refuses_a_key_outside_the_signers_policy(stack: SmallStack) -> None:
    assert send("PUT", put_url(stack, "elsewhere/x.jpg"), BODY, HEADERS).status == 403


def test_presigned_put_checks_a_signed_sha256(stack: SmallStack) -> None:
    url = put_url(stack, "uploads/sum.jpg", ChecksumSHA256=SHA256)
    headers = {**HEADERS, "x-amz-checksum-sha256": SHA256}

    assert send("PUT", url, b"x" * len(BODY), headers).status == 400
    assert send("PUT", url, BODY, headers).status == 200


def post(
    stack: SmallStack,
    key: str,
    body: bytes,
    content_type: str = "image/jpeg",
    form_key: str | None = None,
) -> int:
    signed = stack.uploader_s3().generate_presigned_post(
        stack.outputs["Bucket"],
        key,
        Fields={"Content-Type": "image/jpeg"},
        Conditions=[["content-length-range", 1, 100], ["eq", "$Content-Type", "image/jpeg"]],
        ExpiresIn=60,
    )
    fields = {**signed["fields"], "Content-Type": content_type, "key": form_key or key}
    return httpx.post(signed["url"], data=fields, files={"file": ("x", body)}).status_code


def test_post_policy_takes_only_the_key_type_and_length_it_names(stack: SmallStack) -> None:
    assert post(stack, "uploads/posted.jpg", BODY) == 204
    assert post(stack, "uploads/posted.jpg", b"x" * 101) == 400
    assert post(stack, "uploads/posted.jpg", b"") == 400
    assert post(stack, "uploads/posted.jpg", BODY, content_type="image/png") == 403
    assert post(stack, "uploads/posted.jpg", BODY, form_key="uploads/other.jpg") == 403


def test_bucket_cors_answers_the_preflight_and_exposes_the_etag(stack: SmallStack) -> None:
    url = put_url(stack, "uploads/cors.jpg")
    ask = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type",
    }

    preflight = send("OPTIONS", url, headers=ask)
    other = send("OPTIONS", url, headers={**ask, "Origin": "http://evil.example"})
    answer = send("PUT", url, BODY, {**HEADERS, "Origin": ORIGIN})

    assert preflight.status == 200
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    assert other.status == 403
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "ETag" in answer.headers["access-control-expose-headers"]


def s3_records(stack: SmallStack) -> list[dict[str, Any]]:
    return [
        record["s3"] for body in worked_off(stack) for record in json.loads(body).get("Records", [])
    ]


def test_object_created_event_names_the_version_and_the_encoded_key(stack: SmallStack) -> None:
    key = "uploads/déjà vu+(1).jpg"
    put = stack.uploader_s3().put_object(Bucket=stack.outputs["Bucket"], Key=key, Body=BODY)

    found = eventually(
        lambda: [
            r for r in s3_records(stack) if urllib.parse.unquote_plus(r["object"]["key"]) == key
        ]
    )[0]

    assert found["object"]["key"] == "uploads/d%C3%A9j%C3%A0+vu%2B%281%29.jpg"
    assert found["object"]["versionId"] == put["VersionId"]
    assert found["object"]["size"] == len(BODY)
    assert found["object"]["eTag"] == put["ETag"].strip('"')
    assert found["object"]["sequencer"]


def test_partial_batch_failure_redrives_only_the_failed_message(stack: SmallStack) -> None:
    sqs = stack.client("sqs")
    for body in ('{"good": 1}', "poison", '{"good": 2}'):
        sqs.send_message(QueueUrl=stack.outputs["Queue"], MessageBody=body)

    def dead() -> list[str]:
        answer = sqs.receive_message(
            QueueUrl=stack.outputs["DeadLetterQueue"], MaxNumberOfMessages=10
        )
        return [message["Body"] for message in answer.get("Messages", [])]

    assert eventually(lambda: "poison" in dead())
    assert sorted(body for body in worked_off(stack) if "good" in body) == [
        '{"good": 1}',
        '{"good": 2}',
    ]


def test_state_survives_a_restart(stack: SmallStack) -> None:
    bucket = stack.outputs["Bucket"]
    token = stack.id_token("grace@example.com")
    s3 = stack.uploader_s3()
    first = s3.put_object(Bucket=bucket, Key="uploads/kept.jpg", Body=b"first")["VersionId"]
    s3.put_object(Bucket=bucket, Key="uploads/kept.jpg", Body=b"second")
    stack.client("dynamodb").put_item(
        TableName=stack.outputs["Table"], Item={"id": {"S": "kept"}, "body": {"S": "{}"}}
    )
    view = s3.generate_presigned_url(
        "get_object", {"Bucket": bucket, "Key": "uploads/kept.jpg", "VersionId": first}
    )
    upload = put_url(stack, "uploads/after-restart.jpg")

    stack.emulator.stop()
    stack.emulator.start()

    assert stack.call("GET", "/private", headers={"Authorization": token}).status == 200
    assert stack.call("GET", "/private").json()["code"] == "UNAUTHORIZED"
    assert stack.call("OPTIONS", "/private").headers["access-control-allow-origin"] == ORIGIN
    assert send("GET", view).body == b"first"
    assert "{}" in worked_off(stack)
    signed_in = stack.client("cognito-idp").initiate_auth(
        ClientId=stack.outputs["UserPoolClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "grace@example.com", "PASSWORD": PASSWORD},
    )
    assert signed_in["AuthenticationResult"]["IdToken"]
    assert send("PUT", upload, BODY, HEADERS).status == 200
    eventually(
        lambda: [r for r in s3_records(stack) if r["object"]["key"] == "uploads/after-restart.jpg"]
    )
    lifecycle = stack.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)
    assert len(lifecycle["Rules"]) == 3
