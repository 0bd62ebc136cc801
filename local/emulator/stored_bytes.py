"""Bytes that are in a file, for what ministack would hold in memory: the bodies of objects."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from io import FileIO
from pathlib import Path

CHUNK_BYTES = 256 * 1024
"""Few enough to be read or copied between two requests without either noticing."""


class StoredBytes:
    """A span of a file, with as much of the behaviour of `bytes` as ministack asks of a body."""

    def __init__(
        self,
        path: Path,
        start: int = 0,
        length: int | None = None,
        *,
        digests: dict[str, str] | None = None,
        opened: FileIO | None = None,
    ) -> None:
        """`digests` are those that are known already; see `digest`."""
        self.path = path
        self.start = start
        self._length = path.stat().st_size - start if length is None else length
        self._digests = {} if digests is None else digests
        self._opened = opened

    @classmethod
    def opened(cls, path: Path) -> StoredBytes:
        """Return all of a file as it is now, also when another one takes its place meanwhile."""
        return cls(path, opened=FileIO(path))

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, part: slice) -> StoredBytes:
        start, stop, _step = part.indices(self._length)
        return StoredBytes(self.path, self.start + start, max(0, stop - start), opened=self._opened)

    def __bytes__(self) -> bytes:
        return b"".join(self.chunks())

    def decode(self, *_encoding: str, **_errors: str) -> str:
        """Return no text: ministack looks for parameters in bodies, and an object has none.

        It does so where the content type is that of a form, as some clients call every body.
        """
        return ""

    def __deepcopy__(self, _memo: object) -> StoredBytes:
        return self

    def chunks(self) -> Iterator[bytes]:
        """Read all of it, a little at a time."""
        with nullcontext(self._opened) if self._opened else FileIO(self.path) as file:
            position, end = self.start, self.start + self._length
            while position < end:
                chunk = os.pread(file.fileno(), min(CHUNK_BYTES, end - position), position)
                if not chunk:
                    raise OSError(f"{self.path} is shorter than it was.")
                yield chunk
                position += len(chunk)

    def digest(self, name: str, compute: Callable[[StoredBytes], str]) -> str:
        """Return the digest of this name; it is computed when it is asked for the first time."""
        if name not in self._digests:
            self._digests[name] = compute(self)
        return self._digests[name]

    def md5(self) -> str:
        """Return the MD5 in hexadecimal: what S3 calls the ETag of one request."""
        return self.digest("MD5", _md5)

    def is_whole_file(self) -> bool:
        """Whether the file holds nothing else."""
        return self.start == 0 and self._length == self.path.stat().st_size

    def place(self, target: Path) -> None:
        """Make `target` a file of these bytes: by another name for this file where that will do.

        Files are never changed once they hold an object, so two may share one.
        """
        temporary = target.with_name(f"{target.name}.tmp")
        temporary.unlink(missing_ok=True)
        if self.is_whole_file():
            os.link(self.path, temporary)
        else:
            self.copy_to(temporary, 0)
        temporary.replace(target)
        # A second name for the file that is there already is not moved, but left.
        temporary.unlink(missing_ok=True)

    def copy_to(self, target: Path, position: int) -> None:
        """Write these bytes into `target`, from `position` on; what else it holds stays."""
        handle = os.open(target, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            for chunk in self.chunks():
                _write_all(handle, chunk, position)
                position += len(chunk)
        finally:
            os.close(handle)


def _write_all(handle: int, chunk: bytes, position: int) -> None:
    view = memoryview(chunk)
    while view:
        written = os.pwrite(handle, view, position)
        view, position = view[written:], position + written


def joined(spans: list[StoredBytes], spare: Path) -> StoredBytes:
    """Return the spans, one after the other, as one file.

    Spans that follow one another in one file become that file, cut off after the last; all others
    are copied into `spare`.
    """
    total = sum(len(span) for span in spans)
    path = spans[0].path if spans else spare
    position = 0
    for span in spans:
        if (span.path, span.start) != (path, position):
            break
        position += len(span)
    else:
        if spans:
            os.truncate(path, total)
            return StoredBytes(path)
    with suppress(FileNotFoundError):
        spare.unlink()
    spare.touch(0o600)
    position = 0
    for span in spans:
        span.copy_to(spare, position)
        position += len(span)
    return StoredBytes(spare)


def _md5(stored: StoredBytes) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for chunk in stored.chunks():
        digest.update(chunk)
    return digest.hexdigest()
