"""`make reconcile` on the running stack: nothing differs after real use, and damage is repaired."""

import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from local.client import Client, Stack
from local.reconcile import Found, differences
from local.state import ROOT
from tests.local import test_events as events
from tests.local import test_students as students
from tests.local.test_multipart import PART, Upload, big_jpeg, split
from tests.support import pictures, programs
from tests.support.patience import PATIENCE_SECONDS
from tests.support.running_stack import aws, resource, upload

NOW = ("--grace", "0", "--settle", "1")
"""All that was done is over. What is in flight is only what queues and ExpireUploads still do."""


def left(stack: Stack) -> list[Found]:
    """Compare until nothing differs, or the service has had the time to do what it does itself."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := differences(stack, *NOW)) and time.monotonic() < deadline:
        time.sleep(1)
    return found


def use_everything(ada: Client, grace: Client, staff: Client) -> None:
    """Upload, edit, refuse, cancel and delete what there is."""
    photo = upload(ada, pictures.jpeg(), tags=["lake", "sun"])
    ada.api.patch(f"/photos/{photo['photoId']}", json={"tags": ["sun"]}).raise_for_status()
    thumbnail = ada.api.get(f"/photos/{photo['photoId']}/thumbnail", params={"res": "320"})
    thumbnail.raise_for_status()
    assert upload(ada, b"just some text")["status"] == "failed"
    gone = upload(ada, pictures.jpeg(), tags=["gone"])
    ada.api.delete(f"/photos/{gone['photoId']}").raise_for_status()

    content = big_jpeg(PART + 17)
    in_parts = Upload(ada, sizeBytes=str(len(content)))
    in_parts.complete(in_parts.send_all(split(content))).raise_for_status()
    ada.wait(in_parts.photo_id)
    cancelled = Upload(ada, sizeBytes=str(len(content)))
    cancelled.send(1, content[:PART])
    cancelled.cancel().raise_for_status()
    Upload(ada, sizeBytes=str(len(content))).send(1, content[:PART])

    for kept in (True, False):
        event_id = events.make_event(ada)["eventId"]
        events.register(ada, event_id, "grace@example.com").raise_for_status()
        events.upload(grace, event_id, tags=["party"])
        if not kept:
            answer = ada.api.delete(f"/events/{event_id}", params={"photos": "delete"})
            answer.raise_for_status()

    student = students.create(staff)
    students.show(staff, student, pictures.jpeg())
    students.show(staff, student, pictures.jpeg(48, 64))
    staff.api.delete(students.path_of(students.create(staff))).raise_for_status()


def test_nothing_differs_after_everything_was_used_and_damage_is_repaired(
    stack: Stack, ada: Client, grace: Client, staff: Client
) -> None:
    use_everything(ada, grace, staff)
    assert left(stack) == []

    photo = upload(ada, pictures.jpeg(), tags=["lake"])
    photo_id, owner = photo["photoId"], photo["ownerId"]
    aws(stack, "dynamodb").delete_item(
        TableName=resource(stack, "PhotosTable"),
        Key={"photoId": {"S": photo_id}, "row": {"S": "photo"}},
    )
    key = f"uploads/user_{owner}/{uuid.uuid4()}.jpg"
    aws(stack, "s3").create_multipart_upload(Bucket=stack.uploads_bucket, Key=key)
    planted = [
        "MultipartWithoutUpload",
        "ObjectWithoutPhoto",
        "RowsWithoutPhoto",
        "ThumbnailWithoutPhoto",
        "UsageDiffers",
    ]

    found = differences(stack, *NOW)
    assert sorted(one.kind for one in found) == planted
    assert {one.outcome for one in found} == {"found"}
    by_kind = {one.kind: one for one in found}
    assert photo_id in by_kind["ObjectWithoutPhoto"].subject
    assert by_kind["UsageDiffers"].subject == owner

    # All rows of a photo are written at once. Everything else may be in flight so soon.
    assert [one.kind for one in differences(stack)] == ["RowsWithoutPhoto"]

    careful = differences(stack, *NOW, "--repair", "--only", "originals")
    assert [one.outcome for one in careful] == ["found"], "It is too young to be erased."

    repaired = differences(stack, *NOW, "--repair", "--erase-after", "0")
    assert sorted(one.kind for one in repaired) == planted
    assert {one.outcome for one in repaired} == {"repaired"}
    assert differences(stack, *NOW) == []


def reconcile(stack: Stack, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    stack_file = folder / "stack.json"
    stack_file.write_text(json.dumps(stack.to_json()))
    return programs.run(
        [sys.executable, "-m", "local.reconcile", "--environment", "local", *arguments],
        cwd=ROOT,
        env={**os.environ, "PHOTODROP_STACK": str(stack_file)},
    )


def test_the_exit_code_says_whether_anything_differs(stack: Stack, tmp_path: Path) -> None:
    thumbnails = (*NOW, "--only", "thumbnails")
    clean = reconcile(stack, tmp_path, *thumbnails)
    assert clean.returncode == 0, clean.stderr
    assert "No differences." in clean.stdout

    folder = f"uploads/user_nobody/{uuid.uuid4()}"
    aws(stack, "s3").put_object(Bucket=stack.thumbnails_bucket, Key=f"{folder}/160.webp", Body=b"x")
    found = reconcile(stack, tmp_path, *thumbnails)
    assert found.returncode == 1
    assert "ThumbnailWithoutPhoto" in found.stdout
    assert folder in found.stdout
    assert "ARGS=--repair" in found.stdout
    assert reconcile(stack, tmp_path, *thumbnails, "--repair").returncode == 1
    assert reconcile(stack, tmp_path, *thumbnails).returncode == 0


@pytest.mark.parametrize("arguments", [("--only", "nothing"), ("--grace", "soon")])
def test_a_wrong_argument_is_refused(
    stack: Stack, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    assert reconcile(stack, tmp_path, *arguments).returncode == 2


def test_a_stack_that_does_not_exist_is_named(stack: Stack, tmp_path: Path) -> None:
    refused = reconcile(stack, tmp_path, "--stack-name", "photodrop-nowhere")
    assert refused.returncode == 2
    assert "photodrop-nowhere" in refused.stderr
