"""Sending many files: what is there already is skipped, what was begun is taken up again."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from photodrop_cli.api import (
    Api,
    Details,
    Grant,
    MultipartUpload,
    PendingUpload,
    Photo,
    Put,
    Storage,
    StoredPart,
    wish_of,
)
from photodrop_cli.display import Bar, Display, size
from photodrop_cli.errors import (
    ClientError,
    FileError,
    OutputError,
    RefusedError,
    TemporaryError,
    UnreachableError,
    UsageError,
)
from photodrop_cli.files import Digests, FileChangedError, LocalFile, Part, decoded, digests
from photodrop_cli.transport import retry

MIB = 1 << 20
SMALL_BYTES = 16 * MIB
"""Up to here a file goes in one request: fewer calls, and little is lost if it breaks."""

PART_BYTES = 8 * MIB
MOST_PARTS = 10_000

SIGNED_AT_ONCE = 16
"""Parts: a call for each would cost as much time as a part on a fast line."""

FINAL = ("completed", "failed")
FIRST_LOOK_SECONDS = 0.3
SLOWEST_LOOK_SECONDS = 5.0
NUDGE_SECONDS = 5.0
"""If a file that is sent is not noticed for so long, the service is asked to look for it."""

SETTLE_SECONDS = 600.0
LOOKS_AT_ONCE = 2
"""Plenty for thousands of photos, and no more instances of the service's functions than needed."""

_DAMAGED = frozenset({"BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch"})
_OVER = frozenset({"UploadNotFound", "NotPending", "NoSuchUpload"})

Status = Literal["uploaded", "skipped", "failed"]


@dataclass(frozen=True)
class Options:
    """How to send: `jobs` files at once, `parts` parts of each."""

    event_id: str | None = None
    details: Details = field(default_factory=Details)
    jobs: int = 4
    parts: int = 4
    waits: bool = True


@dataclass
class Outcome:
    """What became of one file; `status` is None until it is known.

    `sent_bytes` and `sent_parts` count what was sent by this run, repetitions included;
    `kept_parts` what an earlier one had sent.
    """

    path: str
    size_bytes: int | None = None
    status: Status | None = None
    photo_id: str | None = None
    checksum: str | None = None
    failure: FileError | None = None
    sent_bytes: int = 0
    sent_parts: int = 0
    kept_parts: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return it as `--json` prints it."""
        failure = self.failure and {"code": self.failure.code, "message": self.failure.message}
        return {
            "path": decoded(self.path),
            "status": self.status or "interrupted",
            "photoId": self.photo_id,
            "sizeBytes": self.size_bytes,
            "checksumSha256": self.checksum,
            "sentBytes": self.sent_bytes,
            "sentParts": self.sent_parts,
            "keptParts": self.kept_parts,
            "failure": failure,
        }


@dataclass(frozen=True)
class Transfer:
    """A file on its way, with what is told of it."""

    file: LocalFile
    outcome: Outcome
    bar: Bar


def part_size(size_bytes: int) -> int:
    """Return how large the parts of a file are: whole MiB, and never more than 10,000 of them."""
    return max(PART_BYTES, -(-size_bytes // (MOST_PARTS * MIB)) * MIB)


class Signatures:
    """The requests that S3 will take for an upload's parts, asked for some ahead."""

    def __init__(self, api: Api, upload: MultipartUpload, parts: Sequence[Part]) -> None:
        self._api = api
        self._upload = upload
        self._later = deque(parts)
        self._ready: dict[int, Put] = {}
        self._asking = asyncio.Lock()

    async def take(self, part: Part) -> Put:
        """Return a request for this part, a new one each time: the last one may have expired."""
        async with self._asking:
            if part.number not in self._ready:
                batch = [part]
                while self._later and len(batch) < SIGNED_AT_ONCE:
                    following = self._later.popleft()
                    if following is not part:
                        batch.append(following)
                self._ready |= await self._api.sign_parts(self._upload, batch)
            return self._ready.pop(part.number)


@dataclass
class Copies:
    """Files with the same content. The others wait until it is known what became of the first."""

    first: Outcome
    others: list[tuple[LocalFile, Outcome]] = field(default_factory=list)


class Uploader:
    """One run of sending files."""

    def __init__(self, api: Api, storage: Storage, display: Display, options: Options) -> None:
        self._api = api
        self._storage = storage
        self._display = display
        self._options = options
        self._copies: dict[str, Copies] = {}
        self._free_jobs = asyncio.Semaphore(options.jobs)
        self._hashing = ThreadPoolExecutor(options.jobs, thread_name_prefix="hashing")
        self._unfinished: list[PendingUpload] | None = None
        self._asking = asyncio.Lock()
        self._looking = asyncio.Semaphore(LOOKS_AT_ONCE)
        self._lost: UnreachableError | None = None

    async def run(self, files: Sequence[tuple[LocalFile, Outcome]]) -> None:
        """Send the files, and fill in their outcomes on the way: an interrupted run has some.

        Raises UsageError when none can be sent any more.
        """
        waiting = iter(files)
        with self._hashing:
            async with _first_error(), asyncio.TaskGroup() as group:
                for _ in range(min(self._options.jobs, len(files))):
                    group.create_task(self._work(waiting, group))

    async def _work(
        self, waiting: Iterable[tuple[LocalFile, Outcome]], group: asyncio.TaskGroup
    ) -> None:
        for file, outcome in waiting:
            async with self._free_jobs:
                bar = self._display.bar(file.path.name, file.size_bytes)
                is_sent = False
                async with self._failing(outcome):
                    is_sent = await self._send(Transfer(file, outcome, bar))
                bar.close(is_sent=is_sent)
            if is_sent:
                # The next file need not wait until this one is processed.
                group.create_task(self._see_through(outcome, group))
            else:
                self._end_copies(outcome, group)

    def _end_copies(self, first: Outcome, group: asyncio.TaskGroup) -> None:
        """Skip the files that are the same as this one; or try them if it failed."""
        copies = self._copies.get(first.checksum or "")
        if copies is None or copies.first is not first or first.status is None:
            return
        others, copies.others = copies.others, []
        if first.status == "failed":
            del self._copies[first.checksum or ""]
            group.create_task(self._work(iter(others), group))
            return
        for _, outcome in others:
            self._skip_copy(outcome, first)

    def _skip_copy(self, outcome: Outcome, first: Outcome) -> None:
        outcome.photo_id = first.photo_id
        self._end(outcome, "skipped", f"same file as {first.path}")

    @asynccontextmanager
    async def _failing(self, outcome: Outcome) -> AsyncIterator[None]:
        """Have what goes wrong inside cost this file and no other."""
        try:
            yield
        except (UsageError, OutputError):
            raise
        except FileError as error:
            if isinstance(error, UnreachableError):
                self._lost = error
            self._end(outcome, "failed", error)
        except Exception as error:  # a mistake of this client's own
            self._end(outcome, "failed", FileError("ClientFault", repr(error)))

    def _end(self, outcome: Outcome, status: Status, said: str | FileError) -> None:
        outcome.status = status
        if isinstance(said, FileError):
            outcome.failure = said
        self._display.ended(status, outcome.path, str(said))

    # --- one file

    async def _send(self, transfer: Transfer) -> bool:
        """Send the file. Returns False when this file is not sent: its content is, or was."""
        if self._lost:
            raise FileError("NotTried", f"Not tried: {self._lost.message}")
        file, outcome, bar = transfer.file, transfer.outcome, transfer.bar
        is_small = file.size_bytes <= SMALL_BYTES
        part_bytes = 0 if is_small else part_size(file.size_bytes)
        found = await digests(file, part_bytes, bar.read, self._hashing)
        file.check_unchanged()
        outcome.checksum = found.whole.hex()
        copies = self._copies.setdefault(outcome.checksum, Copies(outcome))
        if copies.first is not outcome:
            if copies.first.status in (None, "failed"):  # `_end_copies` sees to them
                copies.others.append((file, outcome))
            else:
                self._skip_copy(outcome, copies.first)
            return False
        bar.sending()
        send = self._send_whole if is_small else self._send_in_parts
        is_new = await send(transfer, found)
        if not is_new:
            self._end(outcome, "skipped", "already uploaded")
        return is_new

    async def _send_whole(self, transfer: Transfer, found: Digests) -> bool:
        file, event_id = transfer.file, self._options.event_id
        request = {
            "fileName": file.name,
            "contentType": file.content_type,
            "sizeBytes": file.size_bytes,
            "checksumSha256": found.whole.hex(),
            **wish_of(self._options.details),
        }
        # The same request is the same photo, so a run that was killed leaves none behind.
        key = str(uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([event_id, request], sort_keys=True)))

        async def attempt(key: str) -> Grant | None:
            """Return None when the key is worn out."""
            try:
                grant = await self._api.initiate(request, event_id=event_id, idempotency_key=key)
            except RefusedError as error:
                if error.code == "IdempotencyKeyReused":  # the service understands it otherwise now
                    return None
                raise
            if grant.status == "failed":  # long ago: its file never came, or was refused
                return None
            transfer.outcome.photo_id = grant.photo_id
            if grant.put:
                with suppress(_AlreadyThereError):  # an earlier attempt's answer was lost
                    await self._put(transfer, grant.put, 0, file.size_bytes)
            return grant

        for chosen in (key, str(uuid.uuid4())):
            grant = await retry(partial(attempt, chosen), waiting=transfer.bar.waiting)
            if grant:
                return not grant.is_existing
        raise FileError("UploadFailed", "The upload failed. Run the command again.")

    async def _send_in_parts(self, transfer: Transfer, found: Digests) -> bool:
        begun = await self._find_unfinished(transfer.file, found)
        upload = begun.upload if begun else None
        for is_last in (False, False, True):
            is_new = upload is None
            if upload is None:
                try:
                    upload = await self._create(transfer.file, found)
                except RefusedError as error:
                    if error.code != "AlreadyUploaded":
                        raise
                    transfer.outcome.photo_id = error.body.get("photoId")
                    return False
            transfer.outcome.photo_id = upload.photo_id
            try:
                await self._send_to(upload, transfer, found, is_new=is_new)
            except RefusedError as error:
                is_others = not is_new and error.code == "InvalidRequest"
                if not (is_others or error.code in _OVER | {"PartMissing"}):
                    raise
                if error.code in _OVER and await self._is_complete(upload):
                    return True  # by another client, meanwhile
                if is_last:
                    raise
                upload = upload if error.code == "PartMissing" else None
            else:
                if begun and upload is begun.upload and self._options.details != begun.details:
                    await self._api.edit(upload.photo_id, self._options.details)
                return True
        raise AssertionError("the last round returns or raises")

    async def _is_complete(self, upload: MultipartUpload) -> bool:
        """Tell what became of an upload that takes no parts. Raises FileError if it was ended."""
        photo = await self._api.photo(upload.photo_id)
        if photo.failure:
            raise FileError(*photo.failure)
        return photo.status != "pending"

    async def _find_unfinished(self, file: LocalFile, found: Digests) -> PendingUpload | None:
        """Return an upload of this very file to the same place that was begun and not completed."""
        async with self._asking:
            if self._unfinished is None:
                self._unfinished = await self._api.pending_uploads()
        wanted = (found.whole, file.size_bytes, self._options.event_id)
        for begun in self._unfinished:
            if (begun.checksum, begun.size_bytes, begun.event_id) == wanted:
                return begun
        return None

    async def _create(self, file: LocalFile, found: Digests) -> MultipartUpload:
        details, event_id = self._options.details, self._options.event_id
        metadata = {
            "sizeBytes": str(file.size_bytes),
            "partSizeBytes": str(found.part_bytes),
            "checksumSha256": found.whole.hex(),
            "partChecksums": "sha256",
            **wish_of(details),
            **({"tags": json.dumps(details.tags)} if details.tags else {}),
            **({"eventId": event_id} if event_id else {}),
        }
        request = {"filename": file.name, "type": file.content_type, "metadata": metadata}
        return await self._api.create_multipart(request, idempotency_key=str(uuid.uuid4()))

    async def _send_to(
        self, upload: MultipartUpload, transfer: Transfer, found: Digests, *, is_new: bool
    ) -> None:
        """Send the parts that the upload has not got, some at once, and complete it."""
        file, outcome, bar = transfer.file, transfer.outcome, transfer.bar
        try:
            if upload.part_bytes != found.part_bytes:
                again = await digests(file, upload.part_bytes, bar.read, self._hashing)
                if again.whole != found.whole:
                    raise FileChangedError
                found = again
            plan = found.plan(file.size_bytes)
            stored = {} if is_new else await self._api.parts(upload)
            kept = [part for part in plan if _is_stored(part, stored)]
            outcome.kept_parts = len(kept)
            bar.sending(sum(part.length for part in kept))
            etags = {part.number: stored[part.number].etag for part in kept}
            missing = [part for part in plan if part.number not in etags]
            signatures = Signatures(self._api, upload, missing)
            left = iter(missing)

            async def work() -> None:
                for part in left:
                    attempt = partial(self._send_part, signatures, transfer, part)
                    etags[part.number] = await retry(attempt, waiting=bar.waiting)

            async with _first_error(), asyncio.TaskGroup() as group:
                for _ in range(self._options.parts):
                    group.create_task(work())
            file.check_unchanged()
        except FileChangedError:
            with suppress(ClientError):
                await self._api.abort(upload)  # nothing will ever fit to what was sent
            raise
        await self._api.complete(upload, etags)

    async def _send_part(self, signatures: Signatures, transfer: Transfer, part: Part) -> str:
        put = await signatures.take(part)
        transfer.outcome.sent_parts += 1
        return await self._put(transfer, put, part.start, part.length)

    async def _put(self, transfer: Transfer, put: Put, start: int, length: int) -> str:
        """Send a range of the file once. Returns its ETag. Raises what `Storage.put` does."""
        file, outcome, bar = transfer.file, transfer.outcome, transfer.bar
        sent = 0

        # Read without a thread: it was read for its digests just now, and a little is fast.
        async def content() -> AsyncGenerator[bytes, None]:
            nonlocal sent
            with closing(file.read(start, length)) as pieces:
                for piece in pieces:
                    yield piece
                    sent += len(piece)
                    outcome.sent_bytes += len(piece)
                    bar.sent(len(piece))

        try:
            async with aclosing(content()) as body:
                return await self._storage.put(put, body, length)
        except (FileError, TemporaryError) as error:
            bar.sent(-sent)
            if isinstance(error, RefusedError) and error.code in _DAMAGED:
                file.check_unchanged()
                raise TemporaryError(error) from None  # it was damaged on its way
            if isinstance(error, RefusedError) and error.code == "PreconditionFailed":
                raise _AlreadyThereError from None
            raise

    # --- after it is sent

    async def _see_through(self, outcome: Outcome, group: asyncio.TaskGroup) -> None:
        """Wait until the photo is completed, or say why it is not."""
        self._display.processing(1)
        async with self._failing(outcome):
            if self._options.waits:
                photo = await self._settle(str(outcome.photo_id))
                if photo.failure:
                    raise FileError(*photo.failure)
            kept = f", {outcome.kept_parts} parts uploaded before" if outcome.kept_parts else ""
            self._end(outcome, "uploaded", f"{size(outcome.size_bytes or 0)}{kept}")
        self._display.processing(-1)
        self._end_copies(outcome, group)

    async def _settle(self, photo_id: str) -> Photo:
        started, pause, nudge = time.monotonic(), FIRST_LOOK_SECONDS, NUDGE_SECONDS
        while True:
            await asyncio.sleep(pause)
            pause = min(1.5 * pause, SLOWEST_LOOK_SECONDS)
            waited = time.monotonic() - started
            async with self._looking:
                photo = await self._api.photo(photo_id)
                if photo.status == "pending" and waited > nudge:
                    nudge *= 4
                    photo = await self._nudge(photo)
            if photo.status in FINAL:
                return photo
            if waited > SETTLE_SECONDS:
                message = (
                    f"It is uploaded, but still {photo.status} after {waited / 60:.0f} minutes."
                )
                raise FileError("StillProcessing", message)

    async def _nudge(self, photo: Photo) -> Photo:
        try:
            return await self._api.report_uploaded(photo.photo_id)
        except RefusedError as error:
            if error.code != "NotPending":
                raise
            return photo  # noticed just now


class _AlreadyThereError(Exception):
    """S3 has this object already, and keeps it."""


@asynccontextmanager
async def _first_error() -> AsyncIterator[None]:
    """Raise what made a group of tasks fail by itself, as if there were no group."""
    try:
        yield
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


def _is_stored(part: Part, stored: Mapping[int, StoredPart]) -> bool:
    """Tell whether S3 has this part, with these very bytes."""
    found = stored.get(part.number)
    return found is not None and (found.size_bytes, found.checksum) == (part.length, part.checksum)
