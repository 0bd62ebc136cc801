"""Big files over real HTTP: in parts, gone on with on another device, and by Uppy's own calls."""

import base64
import hashlib
import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from local.client import Client, Stack
from tests.support import pictures
from tests.support.running_stack import assert_is_error, aws, origin, resource, setting, until

MIB = 1024**2
PART = 5 * MIB


def big_jpeg(size: int) -> bytes:
    """Return a photo that no other test has sent, as large as it has to be."""
    content = pictures.jpeg(800, 600) + uuid.uuid4().bytes
    return content.ljust(size, b"\0")


def sha256(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def split(content: bytes, size: int = PART) -> list[bytes]:
    return [content[at : at + size] for at in range(0, len(content), size)]


class Upload:
    """One multipart upload, as a Companion client makes it."""

    def __init__(
        self,
        client: Client,
        prefix: str = "",
        *,
        filename: str = "big.jpg",
        type_: str = "image/jpeg",
        **metadata: Any,
    ) -> None:
        self.client, self.prefix = client, prefix
        wish = {"filename": filename, "type": type_, "metadata": metadata}
        answer = client.api.post(f"{prefix}/s3/multipart", json=wish)
        self.created = answer.raise_for_status().json()
        self.key, self.photo_id = self.created["key"], self.created["photoId"]
        self.path = f"{prefix}/s3/multipart/{self.created['uploadId']}"

    def sign(self, number: int, **query: str) -> httpx.Response:
        return self.client.api.get(f"{self.path}/{number}", params={"key": self.key, **query})

    def send(self, number: int, part: bytes, **query: str) -> str:
        """Send a part; return its ETag."""
        signed = self.sign(number, **query).raise_for_status().json()
        answer = self.client.storage.put(signed["url"], content=part, headers=signed["headers"])
        return str(answer.raise_for_status().headers["etag"])

    def send_all(self, parts: list[bytes]) -> list[dict[str, Any]]:
        return [
            {"PartNumber": number, "ETag": self.send(number, part)}
            for number, part in enumerate(parts, 1)
        ]

    def parts(self) -> httpx.Response:
        return self.client.api.get(self.path, params={"key": self.key})

    def complete(self, parts: list[dict[str, Any]]) -> httpx.Response:
        query = {"key": self.key}
        return self.client.api.post(f"{self.path}/complete", params=query, json={"parts": parts})

    def cancel(self) -> httpx.Response:
        return self.client.api.delete(self.path, params={"key": self.key})

    def photo(self) -> Any:
        return self.client.api.get(f"/photos/{self.photo_id}").raise_for_status().json()


def original(client: Client, photo_id: str) -> bytes:
    view = client.api.get(f"/photos/{photo_id}/view-url").raise_for_status().json()
    return client.storage.get(view["url"]).raise_for_status().content


def unfinished(client: Client, photo_id: str) -> Any:
    """Return what GET /uploads says of a photo, or None."""
    items = client.api.get("/uploads", params={"limit": 100}).raise_for_status().json()["items"]
    return next((item for item in items if item["photoId"] == photo_id), None)


def test_a_file_in_parts_becomes_a_photo(ada: Client) -> None:
    content = big_jpeg(2 * PART + 17)
    upload = Upload(ada, title="Très grand", tags="One, two", sizeBytes=str(len(content)))
    assert upload.created["partSizeBytes"] == 8 * MIB
    assert upload.created["partCount"] == 2
    pending = upload.photo()
    assert pending["status"] == "pending"
    assert (pending["title"], pending["tags"]) == ("Très grand", ["one", "two"])

    answer = upload.complete(upload.send_all(split(content)))
    done = answer.raise_for_status().json()
    assert (done["key"], done["photoId"]) == (upload.key, upload.photo_id)
    assert done["location"].endswith(upload.key)
    photo = ada.wait(upload.photo_id)
    assert photo["status"] == "completed", photo["failure"]
    assert photo["sizeBytes"] == len(content)
    assert (photo["width"], len(photo["thumbnails"])) == (800, 3)
    assert original(ada, upload.photo_id) == content


def test_completing_twice_gives_the_same_answer_and_changes_nothing(ada: Client) -> None:
    upload = Upload(ada)
    parts = upload.send_all([big_jpeg(PART + 1)])
    first = upload.complete(parts).raise_for_status().json()
    again = upload.complete(parts).raise_for_status().json()
    assert again | {"status": ""} == first | {"status": ""}
    assert ada.wait(upload.photo_id)["status"] == "completed"
    later = upload.complete(parts).raise_for_status().json()
    assert later == first | {"status": "completed"}
    assert_is_error(upload.sign(1), 409, "NotPending")
    assert_is_error(upload.cancel(), 409, "NotPending")


def test_etags_may_come_without_quotes_and_numbers_as_text(ada: Client) -> None:
    upload = Upload(ada)
    (part,) = upload.send_all([big_jpeg(1000)])
    bare = {"PartNumber": "1", "ETag": part["ETag"].strip('"')}
    assert upload.complete([bare]).status_code == 200  # type: ignore[list-item]


def test_parts_are_signed_in_batches_and_as_often_as_one_likes(ada: Client) -> None:
    content = big_jpeg(2 * PART + 5)
    upload = Upload(ada)
    query = {"key": upload.key, "partNumbers": "1,2,3"}
    for _ in range(2):
        answer = ada.api.get(f"{upload.path}/batch", params=query).raise_for_status().json()
        assert list(answer["presignedUrls"]) == ["1", "2", "3"]
        for (number, url), part in zip(
            answer["presignedUrls"].items(), split(content), strict=True
        ):
            sent = ada.storage.put(url, content=part, headers=answer["headers"][number])
            assert sent.status_code == 200
    listed = upload.parts().raise_for_status().json()
    assert [(part["PartNumber"], part["Size"]) for part in listed] == [(1, PART), (2, PART), (3, 5)]
    assert upload.complete(listed).status_code == 200
    assert ada.wait(upload.photo_id)["status"] == "completed"


@pytest.mark.parametrize(
    "numbers", ["", "0", "10001", "1,,2", "x", ",".join(map(str, range(1, 502)))]
)
def test_a_wrong_list_of_part_numbers_is_refused(ada: Client, numbers: str) -> None:
    query = {"key": "uploads/any", "partNumbers": numbers}
    answer = ada.api.get("/s3/multipart/any/batch", params=query)
    assert_is_error(answer, 400, "InvalidRequest")


def test_each_part_may_be_signed_with_its_checksum(ada: Client) -> None:
    first, second = split(big_jpeg(PART + 9))
    upload = Upload(ada, partChecksums="sha256", checksumSha256=sha256(first + second))
    assert_is_error(upload.sign(1), 400, "InvalidRequest")
    signed = upload.sign(1, checksumSha256=sha256(first)).raise_for_status().json()
    damaged = b"x" + first[1:]
    refused = ada.storage.put(signed["url"], content=damaged, headers=signed["headers"])
    assert refused.status_code == 400
    stripped = ada.storage.put(signed["url"], content=first)
    assert stripped.status_code in (400, 403)
    upload.send(1, first, checksumSha256=sha256(first))
    upload.send(2, second, checksumSha256=hashlib.sha256(second).hexdigest())
    listed = upload.parts().json()
    assert [part["ChecksumSHA256"] for part in listed] == [sha256(first), sha256(second)]
    assert upload.complete(listed).status_code == 200
    assert ada.wait(upload.photo_id)["status"] == "completed"

    wish = {"filename": "again.jpg", "metadata": {"checksumSha256": sha256(first + second)}}
    again = ada.api.post("/s3/multipart", json=wish)
    assert_is_error(again, 409, "AlreadyUploaded")
    assert again.json()["photoId"] == upload.photo_id


def test_a_checksum_is_refused_where_the_upload_was_begun_without(ada: Client) -> None:
    answer = Upload(ada).sign(1, checksumSha256=sha256(b""))
    assert_is_error(answer, 400, "InvalidRequest")
    assert answer.json()["fields"][0]["field"] == "checksumSha256"


def test_parts_that_do_not_make_the_file_are_refused_and_can_be_mended(ada: Client) -> None:
    content = big_jpeg(2 * PART)
    upload = Upload(ada, sizeBytes=str(len(content)))
    small, rest = content[:MIB], content[MIB:]
    parts = upload.send_all([small, rest])
    assert_is_error(upload.complete(parts), 400, "PartTooSmall")
    assert_is_error(upload.complete(parts[:1]), 400, "SizeMismatch")
    assert_is_error(upload.complete([*parts, {"PartNumber": 3, "ETag": "x"}]), 400, "PartMissing")
    assert_is_error(upload.complete([parts[1] | {"PartNumber": 1}]), 400, "PartMissing")
    assert_is_error(upload.complete([]), 400, "InvalidRequest")
    assert upload.photo()["status"] == "pending"
    mended = upload.send_all(split(content))
    assert upload.complete(mended).status_code == 200
    assert ada.wait(upload.photo_id)["status"] == "completed"


def test_more_than_a_thousand_parts_are_all_listed(grace: Client) -> None:
    numbers = list(range(1, 1005))
    size = str(len(numbers) * PART)
    upload = Upload(grace, filename="big.mp4", type_="video/mp4", sizeBytes=size)
    for some in (numbers[:500], numbers[500:1000], numbers[1000:]):
        query = {"key": upload.key, "partNumbers": ",".join(map(str, some))}
        signed = grace.api.get(f"{upload.path}/batch", params=query).raise_for_status().json()
        for url in signed["presignedUrls"].values():
            grace.storage.put(url, content=b"x").raise_for_status()
    listed = upload.parts().raise_for_status().json()
    assert [part["PartNumber"] for part in listed] == numbers
    assert unfinished(grace, upload.photo_id)["uploadedParts"] == 1004
    assert_is_error(upload.complete(listed), 400, "PartTooSmall")
    assert upload.cancel().json() == {}


def test_s3_takes_parts_of_the_announced_lengths_alone(ada: Client) -> None:
    content = big_jpeg(PART + 7)
    upload = Upload(ada, sizeBytes=str(len(content)), partSizeBytes=str(PART))
    assert (upload.created["partSizeBytes"], upload.created["partCount"]) == (PART, 2)
    assert unfinished(ada, upload.photo_id)["partSizeBytes"] == PART
    for number, wrong in ((1, PART + 1), (1, PART - 1), (2, 8), (2, 6)):
        signed = upload.sign(number).raise_for_status().json()
        assert "Content-Length" not in signed["headers"]
        sent = ada.storage.put(signed["url"], content=b"x" * wrong, headers=signed["headers"])
        assert sent.status_code == 403, "the length is signed"
    query = {"key": upload.key, "partNumbers": "1,2"}
    batch = ada.api.get(f"{upload.path}/batch", params=query).raise_for_status().json()
    assert ada.storage.put(batch["presignedUrls"]["2"], content=b"x" * 8).status_code == 403
    assert_is_error(upload.sign(3), 400, "InvalidRequest")
    assert upload.parts().json() == []
    assert upload.complete(upload.send_all(split(content))).status_code == 200
    assert ada.wait(upload.photo_id)["status"] == "completed"


def test_no_more_parts_are_signed_than_a_file_can_have(ada: Client) -> None:
    upload = Upload(ada, sizeBytes=str(2 * PART))
    assert upload.sign(2).status_code == 200
    refused = upload.sign(3)
    assert_is_error(refused, 400, "InvalidRequest")
    assert refused.json()["fields"][0]["field"] == "partNumber"
    query = {"key": upload.key, "partNumbers": "1,2,3"}
    answer = ada.api.get(f"{upload.path}/batch", params=query)
    assert_is_error(answer, 400, "InvalidRequest")


def test_more_parts_than_were_announced_end_the_upload(stack: Stack, grace: Client) -> None:
    upload = Upload(grace, sizeBytes="5")
    upload.send(1, b"x" * 6)
    make_due(stack, upload.photo_id)
    aws(stack, "lambda").invoke(FunctionName=resource(stack, "ExpireUploadsFunction"))
    photo = upload.photo()
    assert (photo["status"], photo["failure"]["code"]) == ("failed", "FileTooLarge")
    assert open_uploads(stack, upload.key) == []


def make_due(stack: Stack, photo_id: str) -> None:
    aws(stack, "dynamodb").update_item(
        TableName=resource(stack, "PhotosTable"),
        Key={"photoId": {"S": photo_id}, "row": {"S": "photo"}},
        UpdateExpression="SET dueAt = :now",
        ExpressionAttributeValues={":now": {"N": "1"}},
    )


def test_a_file_of_unknown_size_is_reserved_and_then_charged_as_it_is(
    stack: Stack, alan: Client
) -> None:
    """ProcessUpload settles the size: it must be allowed to."""
    held = held_bytes(stack, alan)
    with setting(stack, "BeginUploadFunction", MAX_UNANNOUNCED_BYTES="100000"):
        forms = [
            alan.api.get("/s3/params", params={"filename": "a.jpg"}).raise_for_status().json()
            for _ in range(2)
        ]
    assert held_bytes(stack, alan) == held + 200_000
    content = big_jpeg(70_000)
    assert alan.send(forms[0], content).status_code == 201
    assert alan.wait(forms[0]["photoId"])["status"] == "completed"
    assert alan.send(forms[1], big_jpeg(100_001)).status_code == 400, "the policy's length range"
    assert held_bytes(stack, alan) == held + 170_000
    alan.api.put(f"/photos/{forms[1]['photoId']}/status", json={"status": "failed"})
    alan.api.delete(f"/photos/{forms[0]['photoId']}").raise_for_status()
    assert held_bytes(stack, alan) == held


def test_a_put_of_unknown_size_that_is_larger_than_was_reserved_is_erased(
    stack: Stack, alan: Client
) -> None:
    held = held_bytes(stack, alan)
    with setting(stack, "SignRequestFunction", MAX_UNANNOUNCED_BYTES="100000"):
        signed = alan.api.post("/s3/sign", json={"method": "PUT", "key": "a.jpg"}).json()
    sent = alan.storage.put(signed["url"], content=big_jpeg(100_001), headers=signed["headers"])
    assert sent.status_code == 200
    photo = alan.wait(signed["photoId"])
    assert (photo["status"], photo["failure"]["code"]) == ("failed", "FileTooLarge")
    until(lambda: held_bytes(stack, alan) == held)
    versions = aws(stack, "s3").list_object_versions(
        Bucket=stack.uploads_bucket, Prefix=signed["key"]
    )
    assert not versions.get("Versions")
    assert not versions.get("DeleteMarkers")


def held_bytes(stack: Stack, client: Client) -> int:
    """Return what a user is charged with: the table's owner sees it, the user does not (yet)."""
    probe = client.api.post(
        "/photos/initiate-upload",
        json={"fileName": "a.jpg", "contentType": "image/jpeg", "sizeBytes": 1},
    )
    photo_id = probe.raise_for_status().json()["photoId"]
    owner = client.api.get(f"/photos/{photo_id}").json()["ownerId"]
    client.api.delete(f"/photos/{photo_id}").raise_for_status()
    usage = aws(stack, "dynamodb").get_item(
        TableName=resource(stack, "UsageTable"), Key={"userId": {"S": owner}}, ConsistentRead=True
    )
    return int(usage["Item"]["heldBytes"]["N"])


def test_an_upload_goes_on_on_another_device(stack: Stack, ada: Client) -> None:
    content = big_jpeg(2 * PART + 3)
    begun = Upload(ada, filename="plage d'été + 100%.jpg", sizeBytes=str(len(content)))
    begun.send(1, content[:PART])

    with Client(stack, stack.user("ada@example.com")) as other:
        found = unfinished(other, begun.photo_id)
        assert found["uploadId"] == begun.created["uploadId"]
        assert found["key"] == begun.key
        assert found["fileName"] == "plage d'été + 100%.jpg"
        assert (found["sizeBytes"], found["uploadedBytes"]) == (len(content), PART)
        assert found["uploadedParts"] == 1
        assert found["partSizeBytes"] == 8 * MIB
        begun.client = other
        there = {part["PartNumber"]: part for part in begun.parts().json()}
        parts = [
            there.get(number) or {"PartNumber": number, "ETag": begun.send(number, part)}
            for number, part in enumerate(split(content), 1)
        ]
        assert begun.complete(parts).status_code == 200
        assert other.wait(begun.photo_id)["status"] == "completed"
        assert unfinished(other, begun.photo_id) is None


def test_cancelling_removes_the_parts_and_ends_the_photo(stack: Stack, ada: Client) -> None:
    upload = Upload(ada)
    upload.send(1, b"x" * PART)
    answer = upload.cancel()
    assert (answer.status_code, answer.json()) == (200, {})
    photo = upload.photo()
    assert (photo["status"], photo["failure"]["code"]) == ("failed", "UploadCancelled")
    assert open_uploads(stack, upload.key) == []
    assert upload.cancel().json() == {}
    assert_is_error(upload.sign(2), 409, "NotPending")
    assert_is_error(upload.complete([{"PartNumber": 1, "ETag": "x"}]), 409, "NotPending")
    assert unfinished(ada, upload.photo_id) is None


@pytest.mark.parametrize("how", ["status", "delete"])
def test_giving_up_or_deleting_the_photo_removes_the_parts(
    stack: Stack, ada: Client, how: str
) -> None:
    upload = Upload(ada)
    upload.send(1, b"x")
    path = f"/photos/{upload.photo_id}"
    if how == "status":
        ada.api.put(f"{path}/status", json={"status": "failed"}).raise_for_status()
    else:
        ada.api.delete(path).raise_for_status()
    assert open_uploads(stack, upload.key) == []


def open_uploads(stack: Stack, key: str) -> list[Any]:
    s3 = aws(stack, "s3")
    return list(
        s3.list_multipart_uploads(Bucket=stack.uploads_bucket, Prefix=key).get("Uploads", [])
    )


@pytest.mark.parametrize("key", ["theirs", "uploads/none", "../x", "a b+c"])
def test_an_upload_is_its_users_alone(ada: Client, grace: Client, key: str) -> None:
    upload = Upload(ada)
    etag = upload.send(1, b"x")
    upload.client = grace
    upload.key = upload.key if key == "theirs" else key
    for answer in (
        upload.sign(1),
        grace.api.get(f"{upload.path}/batch", params={"key": upload.key, "partNumbers": "1"}),
        upload.parts(),
        upload.complete([{"PartNumber": 1, "ETag": etag}]),
        upload.cancel(),
        *(
            grace.api.post("/s3/sign", json={"key": upload.key, **request})
            for request in sign_requests(upload.created["uploadId"])
        ),
    ):
        assert_is_error(answer, 404, "UploadNotFound")
    assert len(ada.api.get(upload.path, params={"key": upload.created["key"]}).json()) == 1


def sign_requests(upload_id: str) -> Iterator[dict[str, Any]]:
    yield {"method": "PUT", "uploadId": upload_id, "partNumber": 1}
    yield {"method": "GET", "uploadId": upload_id}
    yield {"method": "POST", "uploadId": upload_id}
    yield {"method": "DELETE", "uploadId": upload_id}


def test_a_part_url_ends(stack: Stack, ada: Client) -> None:
    upload = Upload(ada)
    with setting(stack, "SignPartsFunction", PART_TTL_SECONDS="5"):
        signed = upload.sign(1).raise_for_status().json()
    assert 1 <= signed["expires"] <= 5

    def answer() -> httpx.Response | None:
        sent = ada.storage.put(signed["url"], content=b"x")
        return sent if sent.status_code == 403 else None

    assert "<Message>Request has expired</Message>" in until(answer).text
    assert upload.send(1, b"x")


def test_an_event_takes_files_in_parts_of_those_who_attend_alone(
    ada: Client, grace: Client, alan: Client
) -> None:
    event = ada.api.post("/events", json={"name": "Parts"}).raise_for_status().json()["eventId"]
    ada.api.put(f"/events/{event}/attendees/grace@example.com").raise_for_status()
    upload = Upload(grace, eventId=event, title="From grace")
    assert f"event_{event}" in upload.key
    assert upload.complete(upload.send_all([big_jpeg(100_000)])).status_code == 200
    assert grace.wait(upload.photo_id)["status"] == "completed"
    seen = ada.api.get(f"/events/{event}/photos").json()["items"]
    assert [photo["title"] for photo in seen] == ["From grace"]

    wish: dict[str, Any] = {"filename": "x.jpg", "metadata": {"eventId": event}}
    assert_is_error(alan.api.post("/s3/multipart", json=wish), 404, "EventNotFound")
    form = {"filename": "x.jpg", "metadata[eventId]": event}
    assert_is_error(alan.api.get("/s3/params", params=form), 404, "EventNotFound")
    sign = {"method": "PUT", "key": "x.jpg", "metadata": {"eventId": event}}
    assert_is_error(alan.api.post("/s3/sign", json=sign), 404, "EventNotFound")


def test_a_form_needs_no_size(ada: Client) -> None:
    name = "naïve + 100%.jpg"
    query = {"filename": name, "type": "image/jpeg", "metadata[title]": "null"}
    query |= {"metadata[description]": "A form", "metadata[tags]": '["a, b", "c"]'}
    form = ada.api.get("/s3/params", params=query).raise_for_status().json()
    assert form["method"] == "POST"
    assert form["url"].endswith("/")
    assert ada.api.get(f"/photos/{form['photoId']}").json()["status"] == "pending"
    content = big_jpeg(50_000)
    sent = ada.send(form, content)
    assert sent.status_code == 201
    assert sent.headers["etag"]
    assert "<Location>" in sent.text
    photo = ada.wait(form["photoId"])
    assert photo["status"] == "completed", photo["failure"]
    assert photo["sizeBytes"] == len(content)
    assert (photo["fileName"], photo["title"], photo["tags"]) == (name, None, ["a, b", "c"])


def test_an_empty_form_fails_with_its_reason(ada: Client) -> None:
    form = ada.api.get("/s3/params", params={"filename": "a.jpg"}).raise_for_status().json()
    assert ada.send(form, b"").status_code == 201
    assert ada.wait(form["photoId"])["failure"]["code"] == "EmptyFile"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "filename"),
        ({"filename": "a.jpg", "type": "application/pdf"}, "type"),
        ({"filename": "a.exe", "type": ""}, "type"),
        ({"filename": "a.jpg", "metadata[sizeBytes]": "many"}, "metadata[sizeBytes]"),
        ({"filename": "a.jpg", "metadata[title]": "x" * 201}, "metadata[title]"),
    ],
)
def test_wrong_parameters_of_a_form_are_named(
    ada: Client, query: dict[str, str], field: str
) -> None:
    answer = ada.api.get("/s3/params", params=query)
    assert_is_error(answer, 400, "InvalidRequest")
    assert [wrong["field"] for wrong in answer.json()["fields"]] == [field]


class Signer:
    """A client that signs each request by POST /s3/sign, and talks to S3 itself, as Uppy 6 does."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def sign(self, method: str, key: str, **more: Any) -> httpx.Response:
        return self.client.api.post("/s3/sign", json={"method": method, "key": key, **more})

    def ask(self, method: str, key: str, content: bytes = b"", **more: Any) -> httpx.Response:
        signed = self.sign(method, key, **more).raise_for_status().json()
        self.key, self.photo_id = signed["key"], signed["photoId"]
        return self.client.storage.request(
            method, signed["url"], content=content, headers=signed["headers"]
        )


def test_a_signed_put_needs_no_size(ada: Client) -> None:
    signer = Signer(ada)
    content = big_jpeg(70_000)
    proposed = f"{uuid.uuid4()}-crème brûlée.jpg"
    answer = signer.ask("PUT", proposed, content, metadata={"title": "Pudding", "size": 5})
    assert answer.status_code == 200, answer.text
    assert signer.key != proposed
    assert signer.key.isascii()
    photo = ada.wait(signer.photo_id)
    assert photo["status"] == "completed", photo["failure"]
    assert (photo["fileName"], photo["title"]) == ("crème brûlée.jpg", "Pudding")
    assert photo["sizeBytes"] == len(content)


def test_a_put_can_be_signed_again_by_its_own_key(ada: Client) -> None:
    signer = Signer(ada)
    first = signer.sign("PUT", "a.jpg").raise_for_status().json()
    again = signer.sign("PUT", first["key"]).raise_for_status().json()
    assert (again["key"], again["photoId"]) == (first["key"], first["photoId"])
    for status in (200, 412):
        sent = ada.storage.put(again["url"], content=pictures.jpeg(), headers=again["headers"])
        assert sent.status_code == status


def test_a_client_can_do_all_of_a_multipart_upload_with_s3_itself(ada: Client) -> None:
    content = big_jpeg(PART + 11)
    signer = Signer(ada)
    begun = signer.ask("POST", "big.jpg", contentType="image/jpeg", metadata={"tags": ["xml"]})
    upload_id = re.search("<UploadId>(.+)</UploadId>", begun.raise_for_status().text)[1]  # type: ignore[index]
    key = signer.key
    assert_is_error(signer.sign("POST", key, uploadId=upload_id), 400, "PartMissing")
    for number, part in enumerate(split(content), 1):
        sent = signer.ask("PUT", key, part, uploadId=upload_id, partNumber=number)
        assert sent.status_code == 200, sent.text
    assert unfinished(ada, signer.photo_id)["uploadId"] == upload_id
    listed = signer.ask("GET", key, uploadId=upload_id).text
    etags = re.findall('<ETag>(?:"|&quot;)?([0-9a-f]+)', listed)
    assert len(etags) == 2
    body = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
        for number, etag in enumerate(etags, 1)
    )
    body = f"<CompleteMultipartUpload>{body}</CompleteMultipartUpload>"
    signed = signer.sign("POST", key, uploadId=upload_id).raise_for_status().json()
    bare = ada.storage.post(signed["url"], content=body)
    assert bare.status_code == 403, "what is signed has to be sent"
    answer = signer.ask("POST", key, body.encode(), uploadId=upload_id)
    assert answer.status_code == 200, answer.text
    photo = ada.wait(signer.photo_id)
    assert (photo["status"], photo["tags"]) == ("completed", ["xml"])
    assert original(ada, signer.photo_id) == content


def test_cancelling_by_a_signed_request_needs_nobody_to_send_it(stack: Stack, ada: Client) -> None:
    signer = Signer(ada)
    begun = signer.ask("POST", "big.jpg")
    upload_id = re.search("<UploadId>(.+)</UploadId>", begun.text)[1]  # type: ignore[index]
    assert signer.ask("PUT", signer.key, b"x", uploadId=upload_id, partNumber=1).status_code == 200
    signed = signer.sign("DELETE", signer.key, uploadId=upload_id).raise_for_status().json()
    assert open_uploads(stack, signer.key) == []
    sent = ada.storage.delete(signed["url"])
    assert (sent.status_code, "NoSuchUpload" in sent.text) == (404, True)
    assert ada.wait(signer.photo_id)["failure"]["code"] == "UploadCancelled"
    assert open_uploads(stack, signer.key) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "PUT", "uploadId": "x"},
        {"method": "PUT", "partNumber": 1},
        {"method": "DELETE"},
        {"method": "GET"},
        {"method": "POST", "partNumber": 1},
        {"method": "DELETE", "uploadId": "x", "partNumber": 1},
        {"method": "HEAD"},
        {"method": "PUT", "uploadId": "x", "partNumber": 10_001},
        {"method": "PUT", "key": ""},
        {"method": "PUT", "contentType": "text/html"},
    ],
)
def test_what_is_no_request_of_an_upload_is_not_signed(ada: Client, wrong: Any) -> None:
    answer = ada.api.post("/s3/sign", json={"key": "a.jpg"} | wrong)
    assert_is_error(answer, 400, "InvalidRequest")


def test_an_upload_token_stands_for_its_user_and_for_uploads_alone(
    ada: Client, anonymous: Client
) -> None:
    answer = ada.api.post("/upload-tokens")
    assert answer.status_code == 201
    prefix = answer.json()["companionPath"]
    assert prefix == f"/u/{answer.json()['token']}"
    content = big_jpeg(PART + 1)
    upload = Upload(anonymous, prefix, title="By token")
    assert upload.complete(upload.send_all(split(content))).status_code == 200
    photo = ada.wait(upload.photo_id)
    assert (photo["status"], photo["title"]) == ("completed", "By token")
    form = anonymous.api.get(f"{prefix}/s3/params", params={"filename": "a.jpg"})
    assert form.headers["access-control-allow-origin"] == origin(ada.stack)
    assert ada.api.get(f"/photos/{form.json()['photoId']}").json()["status"] == "pending"
    for path in ("/photos", "/uploads", "/s3/sign", "/events"):
        assert anonymous.api.get(prefix + path).status_code in (403, 404)


def test_a_wrong_or_old_upload_token_is_401(stack: Stack, ada: Client, anonymous: Client) -> None:
    with setting(stack, "CreateUploadTokenFunction", UPLOAD_TOKEN_TTL_SECONDS="0"):
        old = ada.api.post("/upload-tokens").raise_for_status().json()["companionPath"]
    for prefix in (old, "/u/x", "/u/..%2f..", "/u/%00"):
        answer = anonymous.api.get(f"{prefix}/s3/params", params={"filename": "a.jpg"})
        assert answer.status_code in (401, 404), answer.text
    assert_is_error(
        anonymous.api.get(f"{old}/s3/params", params={"filename": "a.jpg"}),
        401,
        "UploadTokenExpired",
    )
    assert_is_error(anonymous.api.post("/s3/multipart", json={}), 401, "Unauthorized")


def test_the_same_idempotency_key_is_the_same_upload(ada: Client) -> None:
    wish = {"filename": "a.jpg", "metadata": {"title": "Once"}}
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first, again = (
        ada.api.post("/s3/multipart", json=wish, headers=headers).raise_for_status().json()
        for _ in range(2)
    )
    assert again == first
    other = {"filename": "b.jpg"}
    answer = ada.api.post("/s3/multipart", json=other, headers=headers)
    assert_is_error(answer, 409, "IdempotencyKeyReused")


def test_links_of_parts_carry_nothing_that_a_user_wrote(ada: Client) -> None:
    upload = Upload(ada, filename="Ada Lovelace.jpg", title="Secret")
    url = urlsplit(upload.sign(1).json()["url"])
    assert url.path.isascii()
    assert "Lovelace" not in url.path + url.query
    assert set(parse_qs(url.query)) >= {"partNumber", "uploadId", "X-Amz-Signature"}
