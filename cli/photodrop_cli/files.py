"""What lies on this machine's disk: which files to send, what they are, and their digests."""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
import os
import re
import stat
import threading
import unicodedata
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from photodrop_cli.errors import FileError

READ_BYTES = 1 << 20
SEND_BYTES = 1 << 18
"""How much of a part is in memory at once; also how often its bar moves."""

LONGEST_NAME = 255
SNIFF_BYTES = 128

EXTENSIONS = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".avif": "image/avif",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
}
"""What a folder is searched for, by the files' bytes or else by their names.

A file that is named is sent whatever it is called: whether it is accepted is the service's word.
"""

_ACCEPTED = frozenset(EXTENSIONS.values())

_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_HEIF_BRANDS = frozenset({b"mif1", b"mif2", b"msf1", b"miaf"})
_NOT_VIDEO_BRANDS = frozenset({b"M4A ", b"M4B ", b"M4P ", b"crx ", b"jp2 ", b"jpx ", b"F4A "})
# WebM is the Matroska container with another DocType: element 0x4282, whose length of four may be
# written with up to eight bytes (RFC 8794, 4).
_DOC_TYPE_WEBM = re.compile(
    rb"\x42\x82(?:\x84|[\x01\x02\x04\x08\x10\x20\x40]\x00{0,6}\x04)webm", re.DOTALL
)
_MP4_BRANDS = frozenset(
    {b"isom", b"mp41", b"mp42", b"avc1", b"dash", b"M4V ", b"M4VP", b"MSNV", b"XAVC"}
    | {
        b"iso" + digit
        for digit in (b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9", b"a", b"b", b"c")
    }
)


class FileChangedError(FileError):
    """The file is not what it was when it was first read."""

    def __init__(self) -> None:
        super().__init__(
            "FileChanged", "It changed while it was being read. Run the command again."
        )


class StoppedError(Exception):
    """Nobody waits for the digests any more."""


@dataclass(frozen=True)
class LocalFile:
    """A file as it was found: if size or time change, it is another one."""

    path: Path
    size_bytes: int
    modified_ns: int

    @classmethod
    def at(cls, path: Path) -> LocalFile:
        """Look at the file. Raises FileError when it is none that could be sent."""
        try:
            found = path.stat()
        except OSError as error:
            raise _unreadable(error) from None
        if stat.S_ISDIR(found.st_mode):
            raise FileError("IsFolder", "It is a folder. Use --recursive to upload what is in it.")
        if not stat.S_ISREG(found.st_mode):
            raise FileError("NoFile", "It is not a regular file.")
        if not found.st_size:
            raise FileError("EmptyFile", "It is empty.")
        if not os.access(path, os.R_OK):
            raise FileError("Unreadable", "It cannot be read: permission denied.")
        return cls(path, found.st_size, found.st_mtime_ns)

    @property
    def name(self) -> str:
        """Its name as the service takes it: text, and nothing that means a folder anywhere."""
        name = decoded(self.path.name)
        return "".join(
            "_" if character == "\\" or unicodedata.category(character) == "Cc" else character
            for character in unicodedata.normalize("NFC", name)
        )[:LONGEST_NAME]

    @property
    def content_type(self) -> str:
        """What it is by its bytes, else by its name. Raises FileError when it cannot be read."""
        try:
            with self.path.open("rb") as file:
                sniffed = sniff(file.read(SNIFF_BYTES))
        except OSError as error:
            raise _unreadable(error) from None
        named = _type_by_name(self.path) or mimetypes.guess_type(self.path.name)[0]
        return sniffed or named or "application/octet-stream"

    def check_unchanged(self) -> None:
        """Raise FileChangedError if it has changed since it was found."""
        try:
            found = self.path.stat()
        except OSError:
            raise FileChangedError from None
        if (found.st_size, found.st_mtime_ns) != (self.size_bytes, self.modified_ns):
            raise FileChangedError

    def read(self, start: int, length: int) -> Generator[bytes, None, None]:
        """Yield `length` bytes from `start` on, a little at a time. Raises FileError."""
        try:
            with self.path.open("rb", buffering=0) as file:
                file.seek(start)
                while length:
                    data = file.read(min(SEND_BYTES, length))
                    if not data:
                        raise FileChangedError
                    length -= len(data)
                    yield data
        except OSError as error:
            raise _unreadable(error) from None


@dataclass(frozen=True)
class Part:
    """A range of a file that is sent by itself, counted from 1, with its SHA-256."""

    number: int
    start: int
    length: int
    checksum: bytes


@dataclass(frozen=True)
class Digests:
    """SHA-256 of a whole file, and of each of its parts of `part_bytes` (0: there are none)."""

    whole: bytes
    part_bytes: int = 0
    parts: tuple[bytes, ...] = ()

    def plan(self, size_bytes: int) -> list[Part]:
        """Return the parts of the file, which has `size_bytes`."""
        return [
            Part(number, start, min(self.part_bytes, size_bytes - start), checksum)
            for number, checksum in enumerate(self.parts, 1)
            for start in [(number - 1) * self.part_bytes]
        ]


async def digests(
    file: LocalFile, part_bytes: int, read: Callable[[int], None], executor: Executor
) -> Digests:
    """Read the file once for all its digests; `read` is told how many bytes came, in a thread.

    Taken in one pass, those of the parts vouch for that of the whole: S3 checks each part against
    its own. `executor` is not asyncio's own: a file may take minutes, and the names of hosts are
    looked up there. Raises FileError.
    """
    stopped = threading.Event()
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(executor, _digests, file, part_bytes, read, stopped)
    finally:
        stopped.set()


def _digests(
    file: LocalFile, part_bytes: int, read: Callable[[int], None], stopped: threading.Event
) -> Digests:
    whole, parts, size = hashlib.sha256(), [], 0
    left = part_bytes or READ_BYTES  # of the current part: no read goes beyond it
    try:
        with file.path.open("rb", buffering=0) as source:
            while data := source.read(min(READ_BYTES, left)):
                if stopped.is_set():
                    raise StoppedError
                whole.update(data)
                if part_bytes:
                    if size % part_bytes == 0:
                        parts.append(hashlib.sha256())
                    parts[-1].update(data)
                size += len(data)
                left = part_bytes - size % part_bytes if part_bytes else READ_BYTES
                read(len(data))
    except OSError as error:
        raise _unreadable(error) from None
    if size != file.size_bytes:
        raise FileChangedError
    return Digests(whole.digest(), part_bytes, tuple(part.digest() for part in parts))


@dataclass(frozen=True)
class Found:
    """What the arguments come to.

    `left_out` are files in folders that are no photos or videos, and `warnings` say which of them
    are so by their names alone, because they cannot be read. `empty` are folders that were named
    and hold nothing to upload.
    """

    files: tuple[LocalFile, ...]
    problems: tuple[tuple[Path, FileError], ...]
    left_out: tuple[Path, ...]
    warnings: tuple[tuple[Path, FileError], ...]
    empty: tuple[Path, ...]


def find(paths: Iterable[Path], *, recursive: bool) -> Found:
    """Look at every file that is named, and with `recursive` into every folder.

    In folders, what is hidden is passed by, as are files that are no photos or videos. What is
    named twice is sent once.
    """
    files: dict[Path, LocalFile] = {}
    problems: list[tuple[Path, FileError]] = []
    left_out: list[Path] = []
    warnings: list[tuple[Path, FileError]] = []
    empty: list[Path] = []
    for named in paths:
        in_folder = recursive and _is_folder(named)
        is_empty = in_folder
        problems_before = len(problems)
        for path in _below(named, problems) if in_folder else [named]:
            try:
                file = LocalFile.at(path)
                if in_folder and file.content_type not in _ACCEPTED:
                    left_out.append(path)
                else:
                    files.setdefault(path.absolute(), file)
                    is_empty = False
            except FileError as error:
                if in_folder and _type_by_name(path) is None:
                    left_out.append(path)
                    warnings.append((path, error))
                else:
                    problems.append((path, error))
        if is_empty and len(problems) == problems_before:
            empty.append(named)
    return Found(
        tuple(files.values()), tuple(problems), tuple(left_out), tuple(warnings), tuple(empty)
    )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a folder above it may not be looked into
        return False


def _type_by_name(path: Path) -> str | None:
    return EXTENSIONS.get(path.suffix.lower())


def decoded(text: str) -> str:
    """Return a name or an argument with U+FFFD for bytes that are no text in its encoding."""
    return os.fsencode(text).decode(errors="replace")


def _below(folder: Path, problems: list[tuple[Path, FileError]]) -> list[Path]:
    def unreadable(error: OSError) -> None:
        problems.append((Path(error.filename or folder), _unreadable(error)))

    found = []
    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(place, name) for name in sorted(names) if not name.startswith(".")]
    return found


def _unreadable(error: OSError) -> FileError:
    reason = (error.strerror or type(error).__name__).lower()
    return FileError("Unreadable", f"It cannot be read: {reason}.")


def sniff(head: bytes) -> str | None:
    """Return the accepted type that a file's first `SNIFF_BYTES` show, or None.

    The service judges by the bytes too, and refuses what was announced as something else: phones
    and programs do write JPEG into files named .heic.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0", b"MM\0+\0\x08\0\0")):
        return None if head[8:10] == b"CR" else "image/tiff"  # Canon's raw files look like TIFF
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if _DOC_TYPE_WEBM.search(head) else None
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    return "video/quicktime" if head[4:8] in (b"moov", b"wide", b"mdat") else None


def _by_brand(head: bytes) -> str | None:
    """Tell files of the ISO base media format apart by the brands that they say they are."""
    major, listed = head[8:12], head[16 : int.from_bytes(head[:4], "big")]
    compatible = {listed[at : at + 4] for at in range(0, len(listed) - 3, 4)}
    if major in _AVIF_BRANDS:
        return "image/avif"
    if major in _HEIC_BRANDS:
        return "image/heic"
    if major in _HEIF_BRANDS:
        return "image/avif" if compatible & _AVIF_BRANDS else "image/heif"
    if major == b"qt  ":
        return "video/quicktime"
    if major in _NOT_VIDEO_BRANDS:
        return None
    return "video/mp4" if (compatible | {major}) & _MP4_BRANDS else None
