"""The service's calls that the client makes, and the requests to S3 that they grant."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from photodrop_cli.accounts import Session
from photodrop_cli.errors import RefusedError, SignInError, TemporaryError
from photodrop_cli.files import Part
from photodrop_cli.transport import (
    Waiting,
    classify,
    content_of,
    exchange,
    retry,
)

PAGE = 100

Parsed = TypeVar("Parsed")


@dataclass(frozen=True)
class Details:
    """What a photo is sent with."""

    title: str | None = None
    description: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Put:
    """One request that S3 will take: PUT to `url`, with exactly these headers."""

    url: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Grant:
    """Answer of initiate-upload. `put` is None when there is nothing to send."""

    photo_id: str
    status: str
    is_existing: bool
    put: Put | None


@dataclass(frozen=True)
class MultipartUpload:
    """An upload in parts that the service knows of."""

    key: str
    upload_id: str
    photo_id: str
    part_bytes: int


@dataclass(frozen=True)
class PendingUpload:
    """One of the user's unfinished uploads, whatever client began it."""

    upload: MultipartUpload
    event_id: str | None
    size_bytes: int
    checksum: bytes
    details: Details


@dataclass(frozen=True)
class StoredPart:
    """A part that S3 has. `checksum` is its SHA-256 where it was sent with one."""

    etag: str
    size_bytes: int
    checksum: bytes | None


@dataclass(frozen=True)
class Photo:
    """Where a photo stands; `failure` is (code, message)."""

    photo_id: str
    status: str
    failure: tuple[str, str] | None


class Api:
    """The API as one signed-in user. Every call is repeated while that may help.

    All raise RefusedError with the service's own code and message, UnreachableError, and
    SignInError when the sign-in is over.
    """

    def __init__(
        self, http: httpx.AsyncClient, api_url: str, session: Session, waiting: Waiting
    ) -> None:
        self._http = http
        self._url = api_url
        self._session = session
        self._waiting = waiting

    async def event_name(self, event_id: str) -> str:
        """Return the event's name."""
        answer = await self._call("GET", f"/events/{quote(event_id, safe='')}")
        return self._parsed(lambda: str(answer["name"]))

    async def initiate(
        self, body: dict[str, Any], *, event_id: str | None, idempotency_key: str
    ) -> Grant:
        """Ask for the grant to send a file in one request."""
        prefix = f"/events/{quote(event_id, safe='')}" if event_id else ""
        answer = await self._call(
            "POST",
            f"{prefix}/photos/initiate-upload",
            json=body,
            headers={"Idempotency-Key": idempotency_key},
        )

        def parse() -> Grant:
            upload = answer["upload"]
            return Grant(
                answer["photoId"],
                answer["status"],
                is_existing="fileName" in answer,  # a whole photo, not a grant
                put=Put(upload["url"], upload["headers"]) if upload else None,
            )

        return self._parsed(parse)

    async def create_multipart(
        self, body: dict[str, Any], *, idempotency_key: str
    ) -> MultipartUpload:
        """Begin an upload in parts."""
        answer = await self._call(
            "POST", "/s3/multipart", json=body, headers={"Idempotency-Key": idempotency_key}
        )
        return self._parsed(
            lambda: MultipartUpload(
                answer["key"], answer["uploadId"], answer["photoId"], int(answer["partSizeBytes"])
            )
        )

    async def pending_uploads(self) -> list[PendingUpload]:
        """Return those of the user's unfinished uploads that can be taken up again."""
        found: list[PendingUpload] = []
        cursor = None
        while True:
            page = {"limit": PAGE} | ({"cursor": cursor} if cursor else {})
            answer = await self._call("GET", "/uploads", params=page)
            found += self._parsed(partial(_pending_page, answer))
            cursor = answer.get("nextCursor")
            if not cursor:
                return found

    async def parts(self, upload: MultipartUpload) -> dict[int, StoredPart]:
        """Return the parts that S3 has, by number."""
        answer = await self._call("GET", self._path(upload), params={"key": upload.key})
        return self._parsed(
            lambda: {
                int(part["PartNumber"]): StoredPart(
                    str(part["ETag"]).strip('"'), int(part["Size"]), _digest(part)
                )
                for part in answer
            }
        )

    async def sign_parts(self, upload: MultipartUpload, parts: Sequence[Part]) -> dict[int, Put]:
        """Ask for the requests that send these parts, each of its SHA-256. Returns by number."""
        answer = await self._call(
            "GET",
            f"{self._path(upload)}/batch",
            params={
                "key": upload.key,
                "partNumbers": ",".join(str(part.number) for part in parts),
                "checksumsSha256": ",".join(
                    base64.b64encode(part.checksum).decode() for part in parts
                ),
            },
        )

        def parse() -> dict[int, Put]:
            urls, headers = answer["presignedUrls"], answer["headers"]
            return {
                part.number: Put(urls[str(part.number)], dict(headers[str(part.number)]))
                for part in parts
            }

        return self._parsed(parse)

    async def complete(self, upload: MultipartUpload, etags: dict[int, str]) -> None:
        """Have the parts put together."""
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in sorted(etags.items())]
        await self._call(
            "POST",
            f"{self._path(upload)}/complete",
            params={"key": upload.key},
            json={"parts": parts},
        )

    async def abort(self, upload: MultipartUpload) -> None:
        """Give the upload up, with all its parts."""
        await self._call("DELETE", self._path(upload), params={"key": upload.key})

    async def photo(self, photo_id: str) -> Photo:
        """Return where a photo stands."""
        return self._photo(await self._call("GET", f"/photos/{quote(photo_id, safe='')}"))

    async def report_uploaded(self, photo_id: str) -> Photo:
        """Have the service look whether the file is there."""
        path = f"/photos/{quote(photo_id, safe='')}/status"
        return self._photo(await self._call("PUT", path, json={"status": "uploaded"}))

    async def retry_photo(self, photo_id: str) -> str:
        """Have a photo processed again that failed by the service's fault; return its status."""
        answer = await self._call("POST", f"/photos/{quote(photo_id, safe='')}/retry")
        return self._parsed(lambda: str(answer["status"]))

    async def retry_all(self) -> AsyncIterator[tuple[str, str]]:
        """Have all such photos processed again; yield the id and the status of each."""
        more = True
        while more:
            items, more = await self._retry_some()
            for item in items:
                yield item

    async def _retry_some(self) -> tuple[list[tuple[str, str]], bool]:
        answer = await self._call("POST", "/photos/retry")
        return self._parsed(
            lambda: (
                [(str(item["photoId"]), str(item["status"])) for item in answer["items"]],
                bool(answer["more"]),
            )
        )

    async def edit(self, photo_id: str, details: Details) -> None:
        """Set those details that are given."""
        given = wish_of(details)
        if given:
            await self._call("PATCH", f"/photos/{quote(photo_id, safe='')}", json=given)

    @staticmethod
    def _path(upload: MultipartUpload) -> str:
        return f"/s3/multipart/{quote(upload.upload_id, safe='')}"

    def _photo(self, answer: Any) -> Photo:
        def parse() -> Photo:
            failure = answer["failure"]
            return Photo(
                answer["photoId"],
                answer["status"],
                (failure["code"], failure["message"]) if failure else None,
            )

        return self._parsed(parse)

    async def _call(self, method: str, path: str, **parts: Any) -> Any:
        headers = parts.pop("headers", {})
        refused: str | None = None

        async def attempt() -> Any:
            nonlocal refused
            token = await self._session.id_token(refused=refused)
            request = self._http.build_request(
                method, self._url + path, headers={**headers, "Authorization": token}, **parts
            )
            answer = await exchange(self._http, request)
            content = content_of(answer)
            if answer.is_success and content is not None:
                return content
            said = content if isinstance(content, dict) else {}
            error = classify(
                answer,
                str(said.get("code") or "UnexpectedAnswer"),
                str(said.get("message") or f"The service answered HTTP {answer.status_code}."),
                said,
            )
            if isinstance(error, RefusedError) and error.status == httpx.codes.UNAUTHORIZED:
                if refused is None:
                    refused = token
                    raise TemporaryError(error, retry_after=0)
                raise SignInError(error.message)
            raise error

        return await retry(attempt, waiting=self._waiting)

    @staticmethod
    def _parsed(parse: Callable[[], Parsed]) -> Parsed:
        try:
            return parse()
        except (AttributeError, KeyError, TypeError, ValueError):
            message = "The service answered in a way that this client does not understand."
            raise RefusedError(200, "UnexpectedAnswer", message) from None


class Storage:
    """S3, as far as the service's grants go."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def put(self, put: Put, content: AsyncIterator[bytes], length: int) -> str:
        """Send `length` bytes, once. Returns their ETag.

        Raises TemporaryError, at once repeatable if the grant has expired; RefusedError.
        """
        request = self._http.build_request(
            "PUT",
            put.url,
            headers={**put.headers, "Content-Length": str(length)},
            content=content,
        )
        answer = await exchange(self._http, request)
        if answer.is_success:
            return str(answer.headers.get("etag", "")).strip('"')
        code = _xml(answer.text, "Code") or "UnexpectedAnswer"
        message = f"S3 answered HTTP {answer.status_code} {code}."
        error = classify(answer, code, message)
        if answer.status_code == httpx.codes.FORBIDDEN and "expired" in answer.text.lower():
            raise TemporaryError(RefusedError(403, code, message), retry_after=0)
        if code in {"RequestTimeout", "ConditionalRequestConflict", "OperationAborted"}:
            raise TemporaryError(RefusedError(answer.status_code, code, message))
        raise error


def wish_of(details: Details) -> dict[str, Any]:
    """Return the JSON of those details that are given."""
    body: dict[str, Any] = {}
    if details.title is not None:
        body["title"] = details.title
    if details.description is not None:
        body["description"] = details.description
    if details.tags:
        body["tags"] = list(details.tags)
    return body


def _pending_page(answer: Any) -> list[PendingUpload]:
    return [found for found in map(_pending, answer["items"]) if found]


def _pending(item: Any) -> PendingUpload | None:
    """Return an unfinished upload; None for one that cannot be recognised and taken up again."""
    checksum = _bytes(item["checksumSha256"])
    if not (item["uploadId"] and item["partSizeBytes"] and item["sizeBytes"] and checksum):
        return None
    return PendingUpload(
        MultipartUpload(item["key"], item["uploadId"], item["photoId"], int(item["partSizeBytes"])),
        item["eventId"],
        int(item["sizeBytes"]),
        checksum,
        Details(item["title"], item["description"], tuple(item["tags"])),
    )


def _digest(part: Any) -> bytes | None:
    return _bytes(part.get("ChecksumSHA256"))


def _bytes(checksum: str | None) -> bytes | None:
    """Decode a SHA-256 in hex or base64."""
    try:
        if not checksum:
            return None
        if re.fullmatch(r"[0-9a-fA-F]{64}", checksum):
            return bytes.fromhex(checksum)
        return base64.b64decode(checksum, validate=True)
    except binascii.Error:
        return None


def _xml(text: str, tag: str) -> str | None:
    """Return the text of an element of S3's error document, which is flat and has no attributes."""
    found = re.search(rf"<{tag}>([\w.]+)</{tag}>", text)
    return found[1] if found else None
