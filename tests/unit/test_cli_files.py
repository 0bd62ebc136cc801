"""What the command-line client makes of the files on a disk."""

import asyncio
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photodrop import file_types
from photodrop.http import fields
from photodrop.http.schemas.uploads import InitiateUpload
from photodrop_cli import files
from photodrop_cli.errors import FileError
from photodrop_cli.files import FileChangedError, LocalFile, digests, find
from tests.unit.test_file_types import HEADS

JPEG = b"\xff\xd8\xff\xe0"
EXECUTOR = ThreadPoolExecutor(1)


def names(paths: object) -> list[str]:
    return [Path(path).name for path in paths]  # type: ignore[attr-defined]


def test_a_folder_is_refused_unless_recursive(tmp_path: Path) -> None:
    found = find([tmp_path], recursive=False)
    assert [error.code for _, error in found.problems] == ["IsFolder"]


def test_a_folder_is_searched_for_photos_and_videos_that_are_not_hidden(tmp_path: Path) -> None:
    (tmp_path / "b" / ".hidden").mkdir(parents=True)
    (tmp_path / "a").mkdir()
    for name in ("b/2.jpg", "b/.x.jpg", "b/.hidden/3.jpg", "a/1.JPG", "a/noname", "0.mov"):
        (tmp_path / name).write_bytes(JPEG)
    (tmp_path / "a" / "notes.txt").write_text("notes")
    (tmp_path / "a" / "raw.cr2").write_bytes(b"II*\0\x10\0\0\0CR\2\0")
    found = find([tmp_path], recursive=True)
    assert names(file.path for file in found.files) == ["0.mov", "1.JPG", "noname", "2.jpg"]
    assert names(found.left_out) == ["notes.txt", "raw.cr2"]
    assert not found.problems


def test_what_is_named_twice_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.jpg").write_bytes(JPEG)
    paths = [Path("a.jpg"), Path("./a.jpg"), tmp_path / "a.jpg", tmp_path]
    assert len(find(paths, recursive=True).files) == 1


def test_what_cannot_be_sent_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty.jpg").touch()
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "secret.jpg").write_bytes(JPEG)
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    monkeypatch.setattr(os, "access", lambda path, _mode: path.name != "secret.jpg")
    expected = {
        "empty.jpg": ("EmptyFile", "It is empty."),
        "pipe.jpg": ("NoFile", "It is not a regular file."),
        "secret.jpg": ("Unreadable", "It cannot be read: permission denied."),
        "missing.jpg": ("Unreadable", "It cannot be read: no such file or directory."),
        "loop.jpg": ("Unreadable", "It cannot be read: too many levels of symbolic links."),
    }
    found = find([tmp_path / name for name in expected], recursive=False)
    assert {path.name: (e.code, e.message) for path, e in found.problems} == expected
    # Searched for, and not named: the pipe is never opened, or this would wait for good.
    assert len(find([tmp_path], recursive=True).problems) == 4


@given(st.binary(min_size=1, max_size=80).filter(lambda name: not {0, 0x2F} & set(name)))
def test_every_name_that_a_disk_allows_is_one_that_the_service_takes(raw: bytes) -> None:
    name = LocalFile(Path("/folder", os.fsdecode(raw)), 1, 1).name
    wish = {"fileName": name, "contentType": "image/jpeg", "sizeBytes": 1}
    try:
        kept = InitiateUpload.model_validate(wish).file_name
    except ValueError:
        # The service says what is wrong with it: nothing to be seen, or a folder's name.
        assert not any(map(fields.is_visible, name)) or set(name.strip()) <= set(".\x80\x85")
        return
    assert set(kept) <= set(name)


@pytest.mark.parametrize("name", ["Été + (1) #ü.jpg", "日本.jpg", "a b.jpg", "[bold]x.jpg"])
def test_names_that_people_give_stay_as_they_are(name: str) -> None:
    assert LocalFile(Path("/folder", name), 1, 1).name == name


def test_types_that_folders_are_searched_for_are_those_that_the_service_accepts() -> None:
    assert set(files.EXTENSIONS.values()) == set(file_types.EXTENSIONS)


@pytest.mark.parametrize("name", HEADS)
def test_real_beginnings_of_files_are_sniffed_as_the_service_does(name: str) -> None:
    head, _ = HEADS[name]
    assert files.sniff(head) == file_types.sniff(head)


BRANDS = sorted(
    files._AVIF_BRANDS
    | files._HEIC_BRANDS
    | files._HEIF_BRANDS
    | files._NOT_VIDEO_BRANDS
    | files._MP4_BRANDS
    | file_types._MP4_BRANDS
    | file_types._NOT_VIDEO_BRANDS
    | file_types._HEVC_IMAGE_BRANDS
    | {b"qt  ", b"none"}
)


@given(
    st.builds(
        lambda size, brands: bytes([0, 0, 0, size]) + b"ftyp" + b"".join(brands),
        st.integers(0, 64),
        st.lists(st.sampled_from(BRANDS), max_size=14),
    )
    | st.binary(max_size=64)
    | st.builds(
        bytes.__add__, st.sampled_from([head[:16] for head, _ in HEADS.values()]), st.binary()
    )
)
def test_any_beginning_of_a_file_is_sniffed_as_the_service_does(head: bytes) -> None:
    head = head[: files.SNIFF_BYTES]
    assert files.sniff(head) == file_types.sniff(head)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("IMG_1.HEIC", JPEG, "image/jpeg"),  # as phones export them
        ("notes.jpg", b"no photo", "image/jpeg"),
        ("a.tif", b"?", "image/tiff"),
        ("notes.txt", b"no photo", "text/plain"),
        ("noname", b"no photo", "application/octet-stream"),
    ],
)
def test_the_type_is_that_of_the_bytes_before_that_of_the_name(
    tmp_path: Path, name: str, content: bytes, expected: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert LocalFile.at(tmp_path / name).content_type == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(min_size=1, max_size=300), part_bytes=st.integers(0, 100))
def test_digests_are_those_of_the_whole_and_of_every_part(
    tmp_path: Path, content: bytes, part_bytes: int
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    file, read = LocalFile.at(path), []
    found = asyncio.run(digests(file, part_bytes, read.append, EXECUTOR))
    assert found.whole == hashlib.sha256(content).digest()
    assert sum(read) == len(content)
    if part_bytes:
        plan = found.plan(len(content))
        ranges = [content[part.start : part.start + part.length] for part in plan]
        assert b"".join(ranges) == content
        assert [part.checksum for part in plan] == [hashlib.sha256(r).digest() for r in ranges]
        assert [part.number for part in plan] == list(range(1, len(plan) + 1))
        assert all(part.length == part_bytes for part in plan[:-1])


@pytest.mark.parametrize("change", ["longer", "shorter", "touched", "gone"])
def test_a_change_is_noticed(tmp_path: Path, change: str) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(JPEG * 10)
    file = LocalFile.at(path)
    file.check_unchanged()
    match change:
        case "longer":
            path.write_bytes(JPEG * 11)
        case "shorter":
            path.write_bytes(JPEG * 9)
        case "touched":
            os.utime(path, ns=(1, 1))
        case "gone":
            path.unlink()
    with pytest.raises(FileChangedError):
        file.check_unchanged()
    if change in {"longer", "shorter"}:
        with pytest.raises(FileChangedError):
            asyncio.run(digests(file, 0, lambda _: None, EXECUTOR))
    if change == "gone":
        with pytest.raises(FileError, match="no such file"):
            list(file.read(0, 1))
