"""The image library over real HTTP: tags, filters, edits, deletion, recovery, duplicates."""

import hashlib
import json
import re
import uuid
from typing import Any

import httpx

from local.client import Client, Stack
from tests.support import pictures
from tests.support.running_stack import assert_is_error, aws, initiate, resource, until, upload


def tag() -> str:
    """Return a tag that no other test uses."""
    return f"tag {uuid.uuid4()}"


def ids(client: Client, **query: Any) -> list[str]:
    """Return the ids of a whole list, page by page."""
    found: list[str] = []
    while True:
        page = client.api.get("/photos", params=query).raise_for_status().json()
        found += [photo["photoId"] for photo in page["items"]]
        if page["nextCursor"] is None:
            return found
        query["cursor"] = page["nextCursor"]


def objects(stack: Stack, key: str) -> list[str]:
    """Return what there is of a photo: versions, delete markers, thumbnails."""
    s3 = aws(stack, "s3")
    prefix = key.rpartition(".")[0]
    found = s3.list_object_versions(Bucket=stack.uploads_bucket, Prefix=prefix)
    made = s3.list_objects_v2(Bucket=stack.thumbnails_bucket, Prefix=prefix)
    kinds = (found.get("Versions"), found.get("DeleteMarkers"), made.get("Contents"))
    return [item["Key"] for kind in kinds for item in kind or []]


def test_lists_by_tag_and_status(grace: Client) -> None:
    name = tag()
    first = upload(grace, pictures.jpeg(), tags=[name, "Été"])
    second = upload(grace, pictures.jpeg(), tags=[name.upper()])
    failed = upload(grace, b"no picture", tags=[name])
    every = [failed["photoId"], second["photoId"], first["photoId"]]
    assert ids(grace, tag=name) == every
    assert ids(grace, tag=name, limit=1) == every
    assert ids(grace, tag=name, status="completed") == every[1:]
    assert ids(grace, tag=name, status="failed") == every[:1]
    assert first["photoId"] in ids(grace, tag="été")
    assert ids(grace, tag=tag()) == []


def test_staff_list_and_see_any_users_photos(grace: Client, staff: Client, alan: Client) -> None:
    name = tag()
    photo = upload(grace, pictures.jpeg(), tags=[name])
    assert ids(staff, userId=photo["ownerId"], tag=name) == [photo["photoId"]]
    assert staff.api.get(f"/photos/{photo['photoId']}").status_code == 200
    refused = alan.api.get("/photos", params={"userId": photo["ownerId"]})
    assert_is_error(refused, 403, "Forbidden")


def test_edits_and_the_lists_follow(grace: Client) -> None:
    old, new = tag(), tag()
    photo = upload(grace, pictures.jpeg(), title="Old", description="Same", tags=[old])
    path = f"/photos/{photo['photoId']}"
    edited = grace.api.patch(path, json={"title": "Ünïcode ☀", "tags": [new]}).json()
    assert (edited["title"], edited["description"], edited["tags"]) == ("Ünïcode ☀", "Same", [new])
    assert ids(grace, tag=old) == []
    assert ids(grace, tag=new) == [photo["photoId"]]
    listed = grace.api.get("/photos", params={"tag": new}).json()["items"][0]
    assert listed["title"] == "Ünïcode ☀"
    too_many = grace.api.patch(path, json={"tags": [str(number) for number in range(21)]})
    assert_is_error(too_many, 400, "InvalidRequest")


def test_deletes_everything_of_a_photo_and_again(grace: Client, stack: Stack) -> None:
    name = tag()
    photo = upload(grace, pictures.jpeg(), tags=[name])
    path = f"/photos/{photo['photoId']}"
    key = f"uploads/user_{photo['ownerId']}/{photo['photoId']}.jpg"
    assert len(objects(stack, key)) == 4
    assert grace.api.delete(path).status_code == 204
    assert objects(stack, key) == []
    assert ids(grace, tag=name) == []
    assert_is_error(grace.api.get(path), 404, "PhotoNotFound")
    assert grace.api.delete(path).status_code == 204


def test_somebody_elses_photo_cannot_be_changed(grace: Client, alan: Client) -> None:
    path = f"/photos/{upload(grace, pictures.jpeg())['photoId']}"
    assert_is_error(alan.api.patch(path, json={"title": "x"}), 404, "PhotoNotFound")
    assert_is_error(alan.api.delete(path), 404, "PhotoNotFound")
    status = alan.api.put(f"{path}/status", json={"status": "failed"})
    assert_is_error(status, 404, "PhotoNotFound")
    assert grace.api.get(path).status_code == 200


def test_an_upload_that_lands_after_deletion_never_comes_back(grace: Client, stack: Stack) -> None:
    content = pictures.jpeg()
    grant = initiate(grace, content)
    path = f"/photos/{grant['photoId']}"
    assert grace.api.delete(path).status_code == 204
    grace.send(grant["upload"], content).raise_for_status()
    s3 = aws(stack, "s3")
    where = {"Bucket": stack.uploads_bucket, "Prefix": grant["key"]}
    until(lambda: not s3.list_objects_v2(**where).get("Contents"))
    assert_is_error(grace.api.get(path), 404, "PhotoNotFound")


def test_the_clients_word_heals_a_lost_event(grace: Client, stack: Stack) -> None:
    content = pictures.jpeg()
    s3, bucket = aws(stack, "s3"), stack.uploads_bucket
    before = s3.get_bucket_notification_configuration(Bucket=bucket)
    del before["ResponseMetadata"]
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    try:
        grant = initiate(grace, content)
        path = f"/photos/{grant['photoId']}"
        early = grace.api.put(f"{path}/status", json={"status": "uploaded"})
        assert_is_error(early, 409, "NotUploaded")
        grace.send(grant["upload"], content).raise_for_status()
        assert grace.api.put(f"{path}/status", json={"status": "uploaded"}).status_code == 200
        assert grace.wait(grant["photoId"])["status"] == "completed"
    finally:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=before)


def test_the_client_gives_up_a_pending_upload(grace: Client) -> None:
    grant = initiate(grace, pictures.jpeg())
    body = {"status": "failed", "reason": "offline"}
    answer = grace.api.put(f"/photos/{grant['photoId']}/status", json=body)
    assert answer.json()["failure"] == {"code": "UploadCancelled", "message": "offline"}


def test_the_schedule_ends_what_never_came(grace: Client, stack: Stack) -> None:
    grant = initiate(grace, pictures.jpeg())
    aws(stack, "dynamodb").update_item(
        TableName=resource(stack, "PhotosTable"),
        Key={"photoId": {"S": grant["photoId"]}, "row": {"S": "photo"}},
        UpdateExpression="SET dueAt = :past",
        ExpressionAttributeValues={":past": {"N": "1"}},
    )
    answer = aws(stack, "lambda").invoke(FunctionName=resource(stack, "ExpireUploadsFunction"))
    assert "FunctionError" not in answer, answer["Payload"].read()
    photo = grace.api.get(f"/photos/{grant['photoId']}").json()
    assert photo["failure"]["code"] == "UploadExpired"


def test_the_same_file_is_not_uploaded_twice(grace: Client) -> None:
    content = pictures.jpeg(65, 47)
    content += uuid.uuid4().bytes  # trailing bytes: a file that no other test has sent
    digest = hashlib.sha256(content).hexdigest()
    photo = upload(grace, content, checksumSha256=digest)
    assert photo["status"] == "completed", photo["failure"]
    wish = {"fileName": "again.jpg", "contentType": "image/jpeg", "sizeBytes": len(content)}
    answer = grace.api.post("/photos/initiate-upload", json=wish | {"checksumSha256": digest})
    assert answer.status_code == 200
    assert answer.json()["photoId"] == photo["photoId"]
    assert answer.json()["upload"] is None


def test_the_description_is_public_and_its_page_works_without_an_account(stack: Stack) -> None:
    description = httpx.get(f"{stack.api_url}/openapi.json")
    assert description.headers["content-type"] == "application/json"
    assert json.loads(description.text)["openapi"].startswith("3.1")
    page = httpx.get(f"{stack.api_url}/docs")
    assert page.status_code == 200
    for address in re.findall(r'(?:src|href)="(docs/[^"]+)"', page.text):
        asset = httpx.get(f"{stack.api_url}/{address}")
        assert asset.headers["cache-control"].endswith("immutable")
        known = {"If-None-Match": asset.headers["etag"]}
        assert httpx.get(f"{stack.api_url}/{address}", headers=known).status_code == 304
