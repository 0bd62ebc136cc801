"""One photo's whole life over real HTTP, against the deployed local stack."""

import base64
import hashlib
import io
import json
import uuid
from typing import Any

import httpx
import pytest
from PIL import Image

from local.client import Client, Stack
from local.state import ROOT
from tests.support import pictures, tiffs
from tests.support.forged_uploads import CHANGES, put_changed
from tests.support.running_stack import (
    SAMPLE,
    assert_ends_when_it_says,
    assert_is_error,
    aws,
    initiate,
    is_empty,
    log_messages,
    logged,
    origin,
    resource,
    setting,
    until,
    upload,
)


def test_a_real_photo_goes_through_everything(ada: Client) -> None:
    content = SAMPLE.read_bytes()
    photo = upload(ada, content, fileName=SAMPLE.name, title="Dandelions", tags=["Meadow"])
    assert photo["status"] == "completed", photo["failure"]
    assert photo["title"] == "Dandelions"
    assert photo["tags"] == ["meadow"]
    assert photo["sizeBytes"] == len(content)
    assert photo["takenAt"]
    assert photo["thumbHash"]
    stored = Image.open(io.BytesIO(content))
    assert stored.getexif()[0x0112] == 6
    assert (photo["width"], photo["height"]) == (stored.height, stored.width)

    assert [thumbnail["size"] for thumbnail in photo["thumbnails"]] == [160, 640, 1600]
    for thumbnail in photo["thumbnails"]:
        answer = ada.storage.get(thumbnail["url"]).raise_for_status()
        assert answer.headers["content-type"] == thumbnail["contentType"] == "image/webp"
        picture = Image.open(io.BytesIO(answer.content))
        assert picture.size == (thumbnail["width"], thumbnail["height"])
        assert max(picture.size) == thumbnail["size"]
        assert picture.height > picture.width, "upright"
        assert not picture.getexif()
        assert not {"exif", "xmp", "icc_profile"} & set(picture.info)

    view = ada.api.get(f"/photos/{photo['photoId']}/view-url", params={"disposition": "attachment"})
    original = ada.storage.get(view.raise_for_status().json()["url"]).raise_for_status()
    assert original.content == content
    assert original.headers["content-type"] == "image/jpeg"
    assert SAMPLE.name in original.headers["content-disposition"]


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("TIFF", "image/tiff"),
        ("AVIF", "image/avif"),
        ("HEIF", "image/heic"),
    ],
)
def test_every_kind_of_image_is_completed(ada: Client, name: str, content_type: str) -> None:
    photo = upload(ada, pictures.picture(name, 800, 600), contentType=content_type)
    assert photo["status"] == "completed", photo["failure"]
    assert (photo["width"], photo["height"]) == (800, 600)
    assert [thumbnail["width"] for thumbnail in photo["thumbnails"]] == [160, 640, 800]


def test_a_form_upload_is_completed(ada: Client) -> None:
    photo = upload(ada, pictures.jpeg(), method="POST")
    assert photo["status"] == "completed"


def test_a_checksum_that_is_right_is_accepted_and_a_wrong_one_refused(ada: Client) -> None:
    content, other = pictures.jpeg(64, 48), pictures.jpeg(48, 64)
    content += uuid.uuid4().bytes  # a file that no other test has sent
    digest = hashlib.sha256(content).hexdigest()
    forged = other[: len(content)].ljust(len(content), b"\0")
    grant = initiate(ada, content, checksumSha256=digest)
    assert ada.send(grant["upload"], forged).status_code == 400
    assert ada.api.get(f"/photos/{grant['photoId']}").json()["status"] == "pending"
    assert upload(ada, content, checksumSha256=digest)["status"] == "completed"


def test_a_second_put_to_the_same_grant_is_refused_by_s3(ada: Client) -> None:
    content = pictures.jpeg()
    grant = initiate(ada, content)
    assert ada.send(grant["upload"], content).status_code == 200
    assert ada.send(grant["upload"], content[::-1]).status_code == 412


@pytest.mark.parametrize("change", CHANGES)
def test_a_put_that_is_not_what_was_granted_is_refused_by_s3(ada: Client, change: str) -> None:
    content = pictures.jpeg()
    upload = initiate(ada, content)["upload"]
    answer = put_changed(ada, upload, content, change, other_key=(".jpg", "x.jpg"))
    assert answer.status_code == 403


@pytest.mark.parametrize("change", ["longer", "shorter", "key", "type"])
def test_a_form_that_is_not_what_was_granted_is_refused_by_s3(ada: Client, change: str) -> None:
    content = pictures.jpeg()
    upload = initiate(ada, content, method="POST")["upload"]
    fields = upload["fields"]
    match change:
        case "longer":
            content += b"x"
        case "shorter":
            content = content[:-1]
        case "key":
            fields["key"] = fields["key"].replace(".jpg", "x.jpg")
        case "type":
            fields["Content-Type"] = "text/html"
    assert ada.send(upload, content).status_code in {400, 403}


def test_a_second_form_upload_never_replaces_the_first(ada: Client, stack: Stack) -> None:
    content = pictures.jpeg()
    grant = initiate(ada, content, method="POST")
    ada.send(grant["upload"], content).raise_for_status()
    ada.wait(grant["photoId"])
    ada.send(grant["upload"], content[::-1])
    s3 = aws(stack, "s3")

    def versions() -> list[Any]:
        found = s3.list_object_versions(Bucket=stack.uploads_bucket, Prefix=grant["key"])
        return list(found["Versions"])

    until(lambda: len(versions()) == 1)
    current = s3.get_object(Bucket=stack.uploads_bucket, Key=grant["key"])["Body"].read()
    assert current == content
    assert ada.api.get(f"/photos/{grant['photoId']}").json()["status"] == "completed"


def test_uploaders_do_not_say_how_others_browsers_keep_a_file(ada: Client) -> None:
    content = pictures.jpeg()
    grant = initiate(ada, content)
    photo_id = grant["photoId"]
    grant["upload"]["headers"] |= {"Cache-Control": "no-store", "Content-Disposition": "attachment"}
    ada.send(grant["upload"], content).raise_for_status()
    assert ada.wait(photo_id)["status"] == "completed"
    answer = ada.storage.get(ada.api.get(f"/photos/{photo_id}/view-url").json()["url"])
    assert answer.content == content
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["content-disposition"].startswith("inline")


def test_a_file_with_a_content_encoding_is_refused(ada: Client) -> None:
    content = pictures.jpeg()
    grant = initiate(ada, content)
    grant["upload"]["headers"]["Content-Encoding"] = "gzip"
    ada.send(grant["upload"], content).raise_for_status()
    assert ada.wait(grant["photoId"])["failure"]["code"] == "UnsupportedContent"


def test_signed_urls_are_for_one_key_and_one_method(ada: Client) -> None:
    photo = upload(ada, pictures.jpeg())
    view = ada.api.get(f"/photos/{photo['photoId']}/view-url").json()["url"]
    for url in [view, *(thumbnail["url"] for thumbnail in photo["thumbnails"])]:
        assert ada.storage.get(url).status_code == 200
        assert ada.storage.get(url.replace(photo["photoId"], "another")).status_code == 403
        assert ada.storage.get(url.partition("?")[0]).status_code == 403
        assert ada.storage.put(url, content=b"x").status_code == 403
        assert ada.storage.delete(url).status_code == 403
    other = view.replace("inline", "attachment")
    assert ada.storage.get(other).status_code == 403


def test_signed_urls_end_when_they_say(ada: Client) -> None:
    photo = upload(ada, pictures.jpeg())
    path = f"/photos/{photo['photoId']}"

    def thumbnail() -> tuple[str, str]:
        signed = ada.api.get(path).json()["thumbnails"][0]
        return signed["url"], signed["expiresAt"]

    def view() -> tuple[str, str]:
        signed = ada.api.get(f"{path}/view-url").json()
        return signed["url"], signed["expiresAt"]

    for sign in (thumbnail, view):
        assert_ends_when_it_says(ada, "ViewPhotoFunction", sign)


def test_grants_end_when_they_say(ada: Client, stack: Stack) -> None:
    content = pictures.jpeg()
    with setting(stack, "InitiateUploadFunction", UPLOAD_TTL_SECONDS="1"):
        put = initiate(ada, content)["upload"]
        form = initiate(ada, content, method="POST")["upload"]
    # What has expired is told by a request that would change nothing if it had not.
    empty = {"headers": put["headers"] | {"Content-Type": "image/png"}}
    until(lambda: "xpired" in ada.storage.put(put["url"], content=content, **empty).text)
    assert ada.send(put, content).status_code == 403
    assert ada.send(form, content).status_code == 403


def test_a_text_file_named_jpg_fails_with_a_code(ada: Client) -> None:
    photo = upload(ada, b"This is not a photo.\n" * 20, fileName="notes.jpg")
    assert photo["status"] == "failed"
    assert photo["failure"]["code"] == "UnsupportedContent"
    assert photo["failure"]["message"]
    assert_is_error(ada.api.get(f"/photos/{photo['photoId']}/view-url"), 409, "PhotoNotReady")


def test_a_png_announced_as_jpeg_fails_with_a_code(ada: Client) -> None:
    assert upload(ada, pictures.png())["failure"]["code"] == "ContentTypeMismatch"


def test_a_photo_that_is_cut_off_fails_with_a_code(ada: Client) -> None:
    content = SAMPLE.read_bytes()[:200_000]
    assert upload(ada, content)["failure"]["code"] == "CorruptImage"


def test_an_intact_file_of_a_kind_that_nothing_shows_is_not_called_damaged(ada: Client) -> None:
    content = tiffs.picture(4, 4, bytes(192), photometric=2, bits=(32, 32, 32), sample_format=3)
    photo = upload(ada, content, fileName="float.tif", contentType="image/tiff")
    assert photo["failure"] == {
        "code": "UnsupportedContent",
        "message": "This kind of TIFF (32-bit float RGB) cannot be shown.",
    }


def test_an_hdr_photo_with_a_profile_has_light_thumbnails(ada: Client) -> None:
    # 203 cd/m2, which is white in a room, by PQ.
    content = pictures.hdr_png((148, 148, 148))
    photo = upload(ada, content, fileName="hdr.png", contentType="image/png")
    assert photo["status"] == "completed", photo["failure"]
    answer = ada.storage.get(photo["thumbnails"][0]["url"])
    shown = Image.open(io.BytesIO(answer.content)).convert("RGB").getpixel((9, 9))
    assert isinstance(shown, tuple)
    assert min(shown) > 225


@pytest.mark.parametrize("orientation", range(1, 9))
def test_thumbnails_are_upright_and_without_metadata(ada: Client, orientation: int) -> None:
    photo = upload(ada, pictures.jpeg(400, 200, orientation=orientation, gps=True))
    assert photo["status"] == "completed"
    turned = orientation >= 5
    assert (photo["width"], photo["height"]) == ((200, 400) if turned else (400, 200))
    answer = ada.storage.get(photo["thumbnails"][0]["url"])
    picture = Image.open(io.BytesIO(answer.content))
    assert (picture.height > picture.width) == turned
    assert b"GPS" not in answer.content
    assert not picture.getexif()


def test_another_users_photo_is_not_found(ada: Client, grace: Client) -> None:
    photo_id = upload(ada, pictures.jpeg())["photoId"]
    for path in (f"/photos/{photo_id}", f"/photos/{photo_id}/view-url", "/photos/nonsense"):
        assert_is_error(grace.api.get(path), 404, "PhotoNotFound")
    listed = grace.api.get("/photos").json()["items"]
    assert photo_id not in {photo["photoId"] for photo in listed}


@pytest.mark.parametrize("token", [None, "nonsense", "Bearer nonsense", "a.b.c"])
def test_without_a_valid_token_is_401(anonymous: Client, token: str | None) -> None:
    headers = {"Authorization": token} if token else {}
    for method, path in (
        ("POST", "/photos/initiate-upload"),
        ("GET", "/photos"),
        ("GET", "/photos/x"),
    ):
        answer = anonymous.api.request(method, path, headers=headers)
        assert_is_error(answer, 401, "Unauthorized")


def test_a_token_is_taken_with_and_without_bearer(ada: Client, anonymous: Client) -> None:
    token = ada.api.headers["Authorization"]
    for value in (token, f"Bearer {token}"):
        answer = anonymous.api.get("/photos", headers={"Authorization": value})
        assert answer.status_code == 200


def test_a_forged_token_is_401(ada: Client, anonymous: Client) -> None:
    head, claims, signature = ada.api.headers["Authorization"].split(".")
    decoded = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    forged = base64.urlsafe_b64encode(json.dumps(decoded | {"sub": "x"}).encode()).decode()
    token = f"{head}.{forged.rstrip('=')}.{signature}"
    answer = anonymous.api.get("/photos", headers={"Authorization": token})
    assert_is_error(answer, 401, "Unauthorized")


def test_an_unknown_route_is_404_in_our_shape(ada: Client) -> None:
    assert_is_error(ada.api.get("/nowhere"), 404, "RouteNotFound")


def test_wrong_fields_are_named_with_cors_headers(ada: Client) -> None:
    answer = ada.api.post("/photos/initiate-upload", json={"fileName": "a/b", "sizeBytes": -1})
    assert_is_error(answer, 400, "InvalidRequest")
    named = {field["field"] for field in answer.json()["fields"]}
    assert named == {"fileName", "contentType", "sizeBytes"}


def test_too_large_has_its_own_code(ada: Client) -> None:
    body = {"fileName": "a.jpg", "contentType": "image/jpeg", "sizeBytes": 10**12}
    answer = ada.api.post("/photos/initiate-upload", json=body)
    assert_is_error(answer, 413, "FileTooLarge")


def test_too_many_uploads_are_429_with_retry_after(staff: Client, stack: Stack) -> None:
    with setting(stack, "InitiateUploadFunction", UPLOADS_PER_MINUTE="1"):
        body = {"fileName": "a.jpg", "contentType": "image/jpeg", "sizeBytes": 1}
        answers = [staff.api.post("/photos/initiate-upload", json=body) for _ in range(2)]
    assert_is_error(answers[-1], 429, "LimitExceeded")
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


def test_the_same_idempotency_key_is_one_photo(ada: Client) -> None:
    content, key = pictures.jpeg(), str(uuid.uuid4())
    first = initiate(ada, content, idempotency_key=key)
    second = initiate(ada, content, idempotency_key=key)
    assert first["photoId"] == second["photoId"]
    ada.send(second["upload"], content).raise_for_status()
    assert ada.wait(first["photoId"])["status"] == "completed"
    assert initiate(ada, content, idempotency_key=key)["upload"] is None


def test_the_same_s3_event_five_times_changes_nothing(ada: Client, stack: Stack) -> None:
    content = pictures.jpeg()
    grant = initiate(ada, content)
    ada.send(grant["upload"], content).raise_for_status()
    ada.wait(grant["photoId"])
    s3, sqs = aws(stack, "s3"), aws(stack, "sqs")
    head = s3.head_object(Bucket=stack.uploads_bucket, Key=grant["key"])
    event = json.loads((ROOT / "events" / "process_upload.json").read_text())
    notice = json.loads(event["Records"][0]["body"])
    notice["Records"][0]["s3"]["object"] = {
        "key": grant["key"],
        "size": len(content),
        "eTag": head["ETag"].strip('"'),
        "versionId": head["VersionId"],
        "sequencer": "0",
    }

    def state() -> Any:
        photo = ada.api.get(f"/photos/{grant['photoId']}").json()
        for thumbnail in photo["thumbnails"]:
            del thumbnail["url"], thumbnail["expiresAt"]
        prefix = grant["key"].removesuffix(".jpg")
        made = s3.list_objects_v2(Bucket=stack.thumbnails_bucket, Prefix=prefix)["Contents"]
        return photo, [(item["Key"], item["LastModified"], item["ETag"]) for item in made]

    before = state()
    queue = resource(stack, "UploadsQueue")
    for _ in range(5):
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(notice))
    until(lambda: is_empty(sqs, queue))
    until(lambda: is_empty(sqs, resource(stack, "ThumbnailsQueue")))
    assert state() == before


def test_an_object_without_a_grant_leaves_sight(stack: Stack) -> None:
    s3 = aws(stack, "s3")
    key = "uploads/user_nobody/0b6f6c1e-3f0a-4b43-9a43-6d0f3a1f5c77.jpg"
    s3.put_object(Bucket=stack.uploads_bucket, Key=key, Body=pictures.jpeg())
    until(lambda: not s3.list_objects_v2(Bucket=stack.uploads_bucket, Prefix=key).get("Contents"))


def test_the_list_is_newest_first_and_pages_are_full(alan: Client) -> None:
    made = [upload(alan, pictures.jpeg(), title=f"{number}")["photoId"] for number in range(5)]
    seen: list[str] = []
    cursor = None
    while True:
        parameters = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = alan.api.get("/photos", params=parameters).json()
        cursor = page["nextCursor"]
        assert len(page["items"]) == 2 or cursor is None
        seen += [photo["photoId"] for photo in page["items"]]
        if cursor is None:
            break
    assert seen[:5] == made[::-1]
    assert len(seen) == len(set(seen))


def test_browsers_may_call_the_api_from_the_web_origin(stack: Stack) -> None:
    for path in ("/photos", "/photos/initiate-upload", "/photos/x/view-url"):
        answer = httpx.options(
            stack.api_url + path,
            headers={
                "Origin": origin(stack),
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
            },
        )
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == origin(stack)
        allowed = answer.headers["access-control-allow-headers"].lower()
        assert "authorization" in allowed
        assert "idempotency-key" in allowed


def test_browsers_may_upload_from_the_web_origin_and_read_the_etag(ada: Client) -> None:
    content = pictures.jpeg()
    upload = initiate(ada, content)["upload"]
    preflight = ada.storage.options(
        upload["url"],
        headers={
            "Origin": origin(ada.stack),
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "content-type,if-none-match",
        },
    )
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == origin(ada.stack)
    answer = ada.storage.put(
        upload["url"], content=content, headers=upload["headers"] | {"Origin": origin(ada.stack)}
    )
    assert "etag" in answer.headers["access-control-expose-headers"].lower()
    elsewhere = {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "PUT"}
    refused = ada.storage.options(upload["url"], headers=elsewhere)
    assert "access-control-allow-origin" not in refused.headers


def test_one_correlation_id_leads_from_the_grant_to_the_thumbnails(
    ada: Client, stack: Stack
) -> None:
    photo_id = upload(ada, pictures.jpeg(), fileName="a-private-name.jpg")["photoId"]

    def messages() -> dict[str, str]:
        return {line["message"]: line["correlation_id"] for line in logged(stack, photo_id)}

    wanted = {"Upload granted", "Photo verified", "Photo completed"}
    found = until(lambda: messages() if wanted <= set(messages()) else None)
    assert len({found[message] for message in wanted}) == 1
    for secret in ("X-Amz-Signature", "a-private-name", ada.api.headers["Authorization"][-40:]):
        assert log_messages(stack, secret) == []
