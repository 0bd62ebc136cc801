"""Photos that failed by our fault, over real HTTP: kept, retried by staff, erased in the end."""

from typing import Any

import pytest

from local.client import Client, Stack
from tests.local.test_multipart import Upload, big_jpeg
from tests.support.running_stack import assert_is_error, aws, resource, setting, until


def run_expire_uploads(stack: Stack) -> None:
    answer = aws(stack, "lambda").invoke(
        FunctionName=resource(stack, "ExpireUploadsFunction"), Payload=b"{}"
    )
    assert "FunctionError" not in answer, answer["Payload"].read()


def change_row(stack: Stack, photo_id: str, **numbers: int) -> None:
    """Change a record as time would."""
    aws(stack, "dynamodb").update_item(
        TableName=resource(stack, "PhotosTable"),
        Key={"photoId": {"S": photo_id}, "row": {"S": "photo"}},
        UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in numbers),
        ExpressionAttributeValues={
            f":{name}": {"N": str(number)} for name, number in numbers.items()
        },
    )


def versions(stack: Stack, key: str) -> list[Any]:
    found = aws(stack, "s3").list_object_versions(Bucket=stack.uploads_bucket, Prefix=key)
    return list(found.get("Versions", []))


@pytest.fixture
def failed(grace: Client, stack: Stack) -> Upload:
    """A photo of Grace's that was tried too often while ProcessUpload could not start."""
    content = big_jpeg(5000)
    with setting(stack, "ProcessUploadFunction", MAX_IMAGE_PIXELS="none"):
        upload = Upload(grace, sizeBytes=len(content))
        upload.complete(upload.send_all([content])).raise_for_status()
        change_row(stack, upload.photo_id, tries=12, dueAt=1)
        run_expire_uploads(stack)
        photo = upload.photo()
    assert (photo["status"], photo["failure"]["code"]) == ("failed", "ProcessingFailed")
    return upload


def test_staff_have_a_photo_tried_again(failed: Upload, grace: Client, staff: Client) -> None:
    path = f"/photos/{failed.photo_id}/retry"
    assert_is_error(grace.api.post(path), 403, "Forbidden")
    assert_is_error(grace.api.post("/photos/retry"), 403, "Forbidden")
    answer = staff.api.post(path)
    assert (answer.status_code, answer.json()["photoId"]) == (202, failed.photo_id)
    assert grace.wait(failed.photo_id)["status"] == "completed"
    assert staff.api.post(path).json() == {"photoId": failed.photo_id, "status": "completed"}


def test_staff_have_all_photos_tried_again(failed: Upload, grace: Client, staff: Client) -> None:
    def is_taken() -> bool:
        items = staff.api.post("/photos/retry").raise_for_status().json()["items"]
        return failed.photo_id in {item["photoId"] for item in items}

    until(is_taken)
    assert grace.wait(failed.photo_id)["status"] == "completed"


def test_one_that_nobody_tries_again_is_erased_whole(
    failed: Upload, grace: Client, staff: Client, stack: Stack
) -> None:
    assert len(versions(stack, failed.key)) == 1
    change_row(stack, failed.photo_id, dueAt=1)
    run_expire_uploads(stack)
    assert versions(stack, failed.key) == []
    assert_is_error(grace.api.get(f"/photos/{failed.photo_id}"), 404, "PhotoNotFound")
    assert_is_error(staff.api.post(f"/photos/{failed.photo_id}/retry"), 404, "PhotoNotFound")


def test_what_failed_by_its_content_is_not_tried_again(grace: Client, staff: Client) -> None:
    content = b"no picture, whatever its name says"
    upload = Upload(grace, sizeBytes=len(content))
    upload.complete(upload.send_all([content])).raise_for_status()
    assert grace.wait(upload.photo_id)["failure"]["code"] == "UnsupportedContent"
    assert_is_error(staff.api.post(f"/photos/{upload.photo_id}/retry"), 409, "NotRetryable")
