"""Archived originals over real HTTP, against the deployed local stack."""

from typing import Any

import pytest

from local.client import Client, Stack
from tests.support import pictures
from tests.support.archive import Record, thumbnails_in_bucket
from tests.support.running_stack import assert_is_error, aws, until, upload


def listed(client: Client, photo: Any) -> Any:
    items = client.api.get("/photos").json()["items"]
    (found,) = (item for item in items if item["photoId"] == photo["photoId"])
    return found["storageClass"], found["restore"] and found["restore"]["status"]


@pytest.mark.parametrize(
    ("storage_class", "tiers"),
    [("GLACIER", ["Expedited", "Standard", "Bulk"]), ("DEEP_ARCHIVE", ["Standard", "Bulk"])],
)
def test_a_photo_is_archived_restored_and_viewed_again(
    ada: Client, stack: Stack, storage_class: str, tiers: list[str]
) -> None:
    content = pictures.jpeg(400, 300)
    photo = upload(ada, content)
    path = f"/photos/{photo['photoId']}"
    record = Record(stack, photo)
    record.archive(storage_class)
    record.tell("LifecycleTransition")
    until(lambda: listed(ada, photo) == (storage_class, None))

    refused = ada.api.get(f"{path}/view-url")
    assert_is_error(refused, 409, "PhotoArchived")
    how = refused.json()["restore"]
    assert [tier["tier"] for tier in how["tiers"]] == tiers
    assert all(tier["typicalTime"] for tier in how["tiers"])
    assert how["current"] is None
    for thumbnail in ada.api.get(path).json()["thumbnails"]:
        assert ada.storage.get(thumbnail["url"]).status_code == 200, "thumbnails stay"

    wish = {"tier": tiers[0], "days": 2}
    for _ in range(2):
        asked = ada.api.request(how["method"], how["path"], json=wish)
        assert asked.status_code == 202, asked.text
        assert asked.json() == {
            "photoId": photo["photoId"],
            "storageClass": storage_class,
            "restore": {"status": "ongoing", "expiresAt": None},
        }
    assert listed(ada, photo) == (storage_class, "ongoing")
    still = ada.api.get(f"{path}/view-url")
    assert_is_error(still, 409, "PhotoArchived")
    assert still.json()["restore"]["current"] == {"status": "ongoing", "expiresAt": None}

    # The event of S3 itself, by way of the queue: nobody looks at the photo meanwhile.
    until(lambda: listed(ada, photo) == (storage_class, "completed"))
    shown = ada.api.get(path).json()["restore"]
    assert shown["expiresAt"].endswith("T00:00:00Z"), "S3 ends copies at midnight UTC"
    url = ada.api.get(f"{path}/view-url").raise_for_status().json()["url"]
    assert ada.storage.get(url).raise_for_status().content == content
    longer = ada.api.post(f"{path}/restore", json=wish | {"days": 9})
    assert longer.status_code == 202
    assert longer.json()["restore"]["expiresAt"] > shown["expiresAt"]


def test_a_new_thumbnail_of_an_archived_photo_waits_for_its_restoring(
    ada: Client, stack: Stack
) -> None:
    photo = upload(ada, pictures.jpeg(400, 300))
    record = Record(stack, photo)
    record.archive("DEEP_ARCHIVE")
    # Nobody has told of it: it is found out when it is to be read.
    path = f"/photos/{photo['photoId']}"
    assert ada.api.get(f"{path}/thumbnail", params={"res": "640"}).status_code == 200
    refused = ada.api.get(f"{path}/thumbnail", params={"res": "320", "format": "jpeg"})
    assert_is_error(refused, 409, "PhotoArchived")
    assert ada.api.post(f"{path}/restore", json={"tier": "Bulk", "days": 1}).status_code == 202

    def made() -> bool:
        answer = ada.api.get(f"{path}/thumbnail", params={"res": "320", "format": "jpeg"})
        return answer.status_code == 200

    until(made)


def test_what_cannot_be_restored_says_why(ada: Client, grace: Client, stack: Stack) -> None:
    photo = upload(ada, pictures.jpeg())
    path = f"/photos/{photo['photoId']}/restore"
    wish = {"tier": "Standard", "days": 1}
    assert_is_error(ada.api.post(path, json=wish), 409, "NotArchived")
    assert_is_error(grace.api.post(path, json=wish), 404, "PhotoNotFound")
    for wrong in ({"tier": "Fast"}, {"days": 0}, {"days": 31}, {"days": "1"}):
        assert_is_error(ada.api.post(path, json=wish | wrong), 400, "InvalidRequest")
    Record(stack, photo).archive("DEEP_ARCHIVE")
    refused = ada.api.post(path, json=wish | {"tier": "Expedited"})
    assert_is_error(refused, 400, "InvalidRequest")
    assert "Standard, Bulk" in refused.json()["message"]


def test_glacier_instant_retrieval_is_read_at_once(ada: Client, stack: Stack) -> None:
    content = pictures.jpeg()
    photo = upload(ada, content)
    record = Record(stack, photo)
    record.archive("GLACIER_IR")
    record.tell("LifecycleTransition")
    until(lambda: listed(ada, photo) == ("GLACIER_IR", None))
    url = ada.api.get(f"/photos/{photo['photoId']}/view-url").raise_for_status().json()["url"]
    assert ada.storage.get(url).content == content
    wish = {"tier": "Standard", "days": 1}
    refused = ada.api.post(f"/photos/{photo['photoId']}/restore", json=wish)
    assert_is_error(refused, 409, "NotArchived")


def test_staff_may_restore(ada: Client, staff: Client, stack: Stack) -> None:
    photo = upload(ada, pictures.jpeg())
    Record(stack, photo).archive("GLACIER")
    wish = {"tier": "Expedited", "days": 1}
    assert staff.api.post(f"/photos/{photo['photoId']}/restore", json=wish).status_code == 202


def test_a_photo_that_the_lifecycle_expired_is_gone_with_its_thumbnails(
    ada: Client, stack: Stack
) -> None:
    photo = upload(ada, pictures.jpeg())
    record = Record(stack, photo)
    record.s3.delete_object(**record.original)
    record.tell("LifecycleExpiration:DeleteMarkerCreated")
    path = f"/photos/{photo['photoId']}"
    until(lambda: ada.api.get(path).status_code == 404)
    until(lambda: thumbnails_in_bucket(stack, record.key) == [])
    assert photo["photoId"] not in {i["photoId"] for i in ada.api.get("/photos").json()["items"]}


def test_the_deployed_bucket_tells_of_archiving_and_moves_photos_to_infrequent_access(
    stack: Stack,
) -> None:
    s3 = aws(stack, "s3")
    told = s3.get_bucket_notification_configuration(Bucket=stack.uploads_bucket)
    events = {event for queue in told["QueueConfigurations"] for event in queue["Events"]}
    assert events == {
        "s3:ObjectCreated:*",
        "s3:LifecycleTransition",
        "s3:ObjectRestore:*",
        "s3:LifecycleExpiration:DeleteMarkerCreated",
    }
    rules = s3.get_bucket_lifecycle_configuration(Bucket=stack.uploads_bucket)["Rules"]
    moves = [move for rule in rules for move in rule.get("Transitions", [])]
    assert moves == [{"Days": 30, "StorageClass": "STANDARD_IA"}], "nothing else by default"
    assert not any("Days" in rule.get("Expiration", {}) for rule in rules)
