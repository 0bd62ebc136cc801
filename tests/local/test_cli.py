"""`photodrop` as its users run it: a process of its own, against the deployed local stack."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local import start
from local.client import Client, Stack
from local.state import write_json
from tests.support import pictures, programs, videos
from tests.support.counting_proxy import CountingProxy
from tests.support.running_stack import aws, until

PHOTODROP = Path(sys.executable).with_name("photodrop")
PARTS_AT_ONCE = 4

Photodrop = Callable[..., "subprocess.CompletedProcess[str]"]


def environment(stack: Stack, folder: Path) -> dict[str, str]:
    """Return the environment of someone who has this stack, and no other sign-in."""
    write_json(folder / "stack.json", stack.to_json())
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PHOTODROP_")}
    return kept | {
        "PHOTODROP_STACK": str(folder / "stack.json"),
        "HOME": str(folder / "home"),
        "XDG_CONFIG_HOME": str(folder / "home" / ".config"),
    }


@pytest.fixture
def photodrop(stack: Stack, tmp_path: Path) -> Photodrop:
    def run(
        *arguments: str | Path, expect: int = 0, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        env = environment(stack, tmp_path) | variables
        done = programs.run([PHOTODROP, *arguments], env=env)
        assert done.returncode == expect, f"{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    return run


def write_photos(folder: Path, count: int) -> list[Path]:
    """Write photos that no other test has sent, with the names that people give to photos."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"Été {number} + (1) #ü.jpg" for number in range(count)]
    for path in paths:
        path.write_bytes(pictures.jpeg(80, 60) + uuid.uuid4().bytes)
    return paths


def test_many_photos_are_sent_and_skipped_the_second_time(
    photodrop: Photodrop, ada: Client, tmp_path: Path
) -> None:
    paths = write_photos(tmp_path, 6)
    tag = uuid.uuid4().hex
    first = json.loads(photodrop("upload", *paths, "--tag", tag, "--json").stdout)
    assert (first["uploaded"], first["skipped"], first["failed"]) == (6, 0, 0)
    listed = ada.api.get("/photos", params={"tag": tag}).json()["items"]
    assert {photo["fileName"] for photo in listed} == {path.name for path in paths}
    assert {photo["status"] for photo in listed} == {"completed"}

    again = photodrop("upload", *paths)
    assert again.stdout.count("already uploaded") == 7, "each file, and the sum"


def test_the_sample_of_make_start_is_there_already(
    photodrop: Photodrop, ada: Client, tmp_path: Path
) -> None:
    (sample,) = write_photos(tmp_path, 1)
    ada.wait(start.upload_sample(ada, sample))

    assert "already uploaded" in photodrop("upload", sample).stdout


def test_a_folder_goes_to_an_event(photodrop: Photodrop, ada: Client, tmp_path: Path) -> None:
    event = ada.api.post("/events", json={"name": "Garden party"}).json()["eventId"]
    write_photos(tmp_path / "card" / "DCIM", 2)
    write_photos(tmp_path / "card" / ".trash", 1)
    (tmp_path / "card" / "notes.txt").write_text("left out")
    done = photodrop("upload", "--recursive", tmp_path / "card", "--event", event)
    assert "event Garden party" in done.stdout
    assert "2 uploaded, 1 left out" in done.stdout
    listed = ada.api.get(f"/events/{event}/photos").json()["items"]
    assert {photo["status"] for photo in listed} == {"completed"}
    assert len(listed) == 2
    photodrop("upload", tmp_path / "card", "--event", event, expect=1)  # not --recursive
    (tmp_path / "none").mkdir()
    empty = photodrop("upload", "-r", tmp_path / "none", "--event", event, expect=2)
    assert "There are no photos or videos in" in empty.stderr
    photodrop("upload", "-r", tmp_path / "card", "--event", str(uuid.uuid4()), expect=2)


def test_a_reader_of_json_that_has_enough_gets_no_traceback(
    stack: Stack, ada: Client, tmp_path: Path
) -> None:
    paths = write_photos(tmp_path, 3)
    tag = uuid.uuid4().hex
    done = programs.run(
        [
            "/bin/sh",
            "-c",
            f"'{PHOTODROP}' upload \"$@\" --json | head -1",
            "sh",
            *paths,
            "--tag",
            tag,
        ],
        env=environment(stack, tmp_path),
    )
    assert (done.returncode, done.stdout) == (0, "{\n")
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    assert "3 uploaded" in done.stderr
    assert len(ada.api.get("/photos", params={"tag": tag}).json()["items"]) == 3


def test_what_is_no_photo_fails_with_its_reason_and_the_rest_is_sent(
    photodrop: Photodrop, tmp_path: Path
) -> None:
    (tmp_path / "notes.jpg").write_bytes(b"This is not a photo.\n" * 20)
    done = photodrop("upload", tmp_path / "notes.jpg", *write_photos(tmp_path, 2), expect=1)
    assert "2 uploaded, 1 failed" in done.stdout
    assert "not an accepted kind" in done.stdout


def test_sign_in_is_kept_without_the_password(
    photodrop: Photodrop, stack: Stack, tmp_path: Path
) -> None:
    file = tmp_path / "home" / ".config" / "photodrop" / "sign-in.json"
    user = stack.user("grace@example.com")
    photodrop("sign-in", "--email", user.email, PHOTODROP_PASSWORD="wrong", expect=2)
    photodrop("sign-in", "--email", user.email, PHOTODROP_PASSWORD=user.password)
    assert file.stat().st_mode & 0o777 == 0o600
    assert user.password not in file.read_text()

    done = photodrop("upload", *write_photos(tmp_path, 1))
    assert f"as {user.email}" in done.stdout
    kept = json.loads(file.read_text())["refresh_token"]
    assert kept not in done.stdout + done.stderr
    photodrop("sign-out")
    assert not file.exists()


def test_an_invited_photographer_is_told_to_choose_a_password(
    photodrop: Photodrop, stack: Stack
) -> None:
    email = f"{uuid.uuid4()}@example.com"
    aws(stack, "cognito-idp").admin_create_user(
        UserPoolId=stack.user_pool_id,
        Username=email,
        TemporaryPassword="Temporary-2026!",
        MessageAction="SUPPRESS",
    )
    done = photodrop(
        "upload", __file__, "--email", email, PHOTODROP_PASSWORD="Temporary-2026!", expect=2
    )
    assert "photodrop sign-in" in done.stderr


def write_video(path: Path, size: int) -> None:
    """Write a video that no other test has sent, as large as it has to be."""
    with path.open("wb") as file:
        file.write(videos.video())
        # The rest is a box of what players skip; no two parts of it are the same.
        file.write((size - file.tell()).to_bytes(4, "big") + b"free" + uuid.uuid4().bytes)
        while left := size - file.tell():
            file.write(file.tell().to_bytes(8, "big").ljust(1 << 20, b"\1")[:left])


def sha256_of(client: Client, photo_id: str) -> str:
    url = client.api.get(f"/photos/{photo_id}/view-url").raise_for_status().json()["url"]
    digest = hashlib.sha256()
    with client.storage.stream("GET", url) as answer:
        for piece in answer.raise_for_status().iter_bytes():
            digest.update(piece)
    return digest.hexdigest()


def test_killed_in_the_middle_of_300_mb_it_goes_on_with_what_is_missing(
    stack: Stack, ada: Client, tmp_path: Path
) -> None:
    size, part = 300_000_000, 8 << 20
    file = tmp_path / f"{uuid.uuid4()}.mp4"
    write_video(file, size)
    command = [PHOTODROP, "upload", file, "--parts", str(PARTS_AT_ONCE), "--json"]
    with CountingProxy(stack).running() as proxy:
        variables = environment(proxy.stack, tmp_path)
        proxy.hold_after = 15
        first = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL)
        try:
            until(lambda: len(proxy.held) == PARTS_AT_ONCE)
        finally:
            first.send_signal(signal.SIGKILL)
            first.wait()
        assert sum(proxy.begun.values()) == 15 + PARTS_AT_ONCE
        (pending,) = [
            upload
            for upload in ada.api.get("/uploads").json()["items"]
            if upload["fileName"] == file.name
        ]
        assert pending["uploadedParts"] < 15 + PARTS_AT_ONCE
        proxy.release()
        second = programs.run(command, env=variables)
    result: Any = json.loads(second.stdout)
    (outcome,) = result["files"]
    count = -(-size // part)
    assert proxy.answered | proxy.held == set(range(1, count + 1))
    twice = [number for number, times in proxy.begun.items() if times > 1]
    assert set(twice) <= proxy.held
    assert len(twice) <= PARTS_AT_ONCE
    assert max(proxy.begun.values()) <= 2
    assert outcome["keptParts"] == pending["uploadedParts"] >= 15
    assert outcome["photoId"] == pending["photoId"]
    assert (outcome["status"], second.returncode) == ("uploaded", 0), outcome["failure"]
    with file.open("rb") as content:
        expected = hashlib.file_digest(content, "sha256").hexdigest()
    assert sha256_of(ada, outcome["photoId"]) == expected
