"""The service and S3 as the command-line client meets them, in memory, as unreliable as told."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx

API = "https://abc.execute-api.eu-west-1.amazonaws.com/dev"
COGNITO = "https://cognito-idp.eu-west-1.amazonaws.com/"
S3 = "https://uploads.s3.eu-west-1.amazonaws.com"
PART_BYTES = 64

Fault = Callable[[httpx.Request], httpx.Response | None]


@dataclass
class FakePhoto:
    photo_id: str
    wish: dict[str, Any]
    event_id: str | None
    status: str = "pending"
    failure: dict[str, str] | None = None
    looks: int = 0


@dataclass
class FakeUpload:
    upload_id: str
    photo: FakePhoto
    part_bytes: int
    has_checksums: bool = True
    parts: dict[int, bytes] = field(default_factory=dict)

    def describe(self, number: int) -> dict[str, Any]:
        content = self.parts[number]
        part = {"PartNumber": number, "ETag": etag(content), "Size": len(content)}
        return part | ({"ChecksumSHA256": base64_sha256(content)} if self.has_checksums else {})


def token(lifetime: float = 3600, name: str = "") -> str:
    now = time.time()
    claims = json.dumps({"iat": now, "exp": now + lifetime, "jti": name or str(uuid.uuid4())})
    return f"e30.{base64.urlsafe_b64encode(claims.encode()).decode().rstrip('=')}.c2ln"


def base64_sha256(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


class FakeService:
    """`fault` may answer a request itself, or raise; `sent` counts what reached S3."""

    def __init__(self, part_bytes: int = PART_BYTES) -> None:
        self.api_url = API
        self.part_bytes = part_bytes
        self.users = {"ada@example.com": "right"}
        self.invited: set[str] = set()
        self.tokens: set[str] = set()
        self.refresh_tokens: set[str] = set()
        self.token_seconds = 3600.0
        self.photos: dict[str, FakePhoto] = {}
        self.by_key: dict[str, str] = {}
        self.uploads: dict[str, FakeUpload] = {}
        self.objects: dict[str, bytes] = {}
        self.events = {"garden": "Garden party"}
        self.fault: Fault = lambda _request: None
        self.notices_uploads = True
        self.refuses_content: bytes | None = None
        self.requests: list[tuple[str, str]] = []
        self.sent: Counter[tuple[str, int]] = Counter()

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self.answer))

    async def answer(self, request: httpx.Request) -> httpx.Response:
        path = str(request.url).removeprefix(self.api_url).partition("?")[0]
        self.requests.append((request.method, path))
        return self.fault(request) or self.take(request)

    def take(self, request: httpx.Request) -> httpx.Response:
        """Do what is asked, whether or not the answer arrives."""
        url = str(request.url)
        path = url.removeprefix(self.api_url).partition("?")[0]
        if url.startswith(S3):
            return self._storage(request)
        if is_to_cognito(request):
            return self._cognito(request)
        if request.headers.get("authorization") not in self.tokens:
            return error(401, "Unauthorized")
        body = json.loads(request.content) if request.content else {}
        parameters = dict(request.url.params)
        return self._api(request, [unquote(part) for part in path.split("/")[1:]], parameters, body)

    # --- Cognito

    def _cognito(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        parameters = body.get("AuthParameters") or body.get("ChallengeResponses") or {}
        match request.headers["x-amz-target"].rpartition(".")[2], body.get("AuthFlow"):
            case "InitiateAuth", "USER_PASSWORD_AUTH":
                email = parameters["USERNAME"]
                if self.users.get(email) != parameters["PASSWORD"]:
                    return refusal("Incorrect username or password.")
                if email in self.invited:
                    challenge = {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "s"}
                    return httpx.Response(200, json=challenge)
                return self._signed_in()
            case "RespondToAuthChallenge", _:
                self.users[parameters["USERNAME"]] = parameters["NEW_PASSWORD"]
                self.invited.discard(parameters["USERNAME"])
                return self._signed_in()
            case "InitiateAuth", "REFRESH_TOKEN_AUTH":
                if parameters["REFRESH_TOKEN"] not in self.refresh_tokens:
                    return refusal("Refresh Token has been revoked")
                return self._signed_in(with_refresh_token=False)
            case "RevokeToken", _:
                self.refresh_tokens.discard(body["Token"])
                return httpx.Response(200, json={})
        return refusal("unknown")

    def _signed_in(self, *, with_refresh_token: bool = True) -> httpx.Response:
        issued = token(self.token_seconds)
        self.tokens.add(issued)
        result = {"IdToken": issued}
        if with_refresh_token:
            result["RefreshToken"] = f"refresh-{len(self.refresh_tokens)}"
            self.refresh_tokens.add(result["RefreshToken"])
        return httpx.Response(200, json={"AuthenticationResult": result})

    # --- the API

    def _api(
        self, request: httpx.Request, path: list[str], parameters: dict[str, str], body: Any
    ) -> httpx.Response:
        key = request.headers.get("idempotency-key", "")
        match request.method, path:
            case "GET", ["events", event_id] if event_id in self.events:
                return httpx.Response(200, json={"name": self.events[event_id]})
            case "GET", ["events", _]:
                return error(404, "EventNotFound")
            case "POST", ["photos", "initiate-upload"]:
                return self._initiate(body, None, key)
            case "POST", ["events", event_id, "photos", "initiate-upload"]:
                return self._initiate(body, event_id, key)
            case "POST", ["photos", "retry"]:
                return self._retry_some()
            case "POST", ["photos", photo_id, "retry"]:
                return self._retry(photo_id)
            case method, ["photos", photo_id, *_]:
                return self._photo(method, photo_id, body)
            case "GET", ["uploads"]:
                return self._pending(int(parameters.get("cursor", 0)))
            case "POST", ["s3", "multipart"]:
                return self._create(body, key)
            case _, ["s3", "multipart", upload_id, *rest]:
                upload = self.uploads.get(upload_id)
                if upload is None or parameters["key"] != f"key of {upload_id}":
                    return error(404, "UploadNotFound")
                if upload.photo.status != "pending" and rest != ["complete"]:
                    return error(409, "NotPending")
                return self._multipart(request.method, upload, rest, parameters, body)
        return error(404, "RouteNotFound")

    def _retry(self, photo_id: str) -> httpx.Response:
        photo = self.photos.get(photo_id)
        if photo is None:
            return error(404, "PhotoNotFound")
        if (photo.failure or {}).get("code") != "ProcessingFailed":
            return error(409, "NotRetryable")
        photo.status, photo.failure = "uploaded", None
        return httpx.Response(202, json={"photoId": photo_id, "status": photo.status})

    def _retry_some(self, limit: int = 2) -> httpx.Response:
        failed = [one.photo_id for one in self.photos.values() if one.status == "failed"]
        items = [self._retry(photo_id).json() for photo_id in failed[:limit]]
        return httpx.Response(202, json={"items": items, "more": len(failed) > limit})

    def _find(self, checksum: str | None, event_id: str | None) -> FakePhoto | None:
        for photo in self.photos.values():
            same = photo.wish.get("checksumSha256") == checksum and photo.event_id == event_id
            if checksum and same and photo.status == "completed":
                return photo
        return None

    def _begin(self, wish: dict[str, Any], event_id: str | None, key: str) -> FakePhoto:
        photo_id = self.by_key.setdefault(key, str(uuid.uuid4()))
        return self.photos.setdefault(photo_id, FakePhoto(photo_id, wish, event_id))

    def _initiate(self, body: Any, event_id: str | None, key: str) -> httpx.Response:
        if same := self._find(body["checksumSha256"], event_id):
            return httpx.Response(200, json=self._describe(same) | {"upload": None})
        photo = self._begin(body, event_id, key)
        headers = {
            "Content-Type": body["contentType"],
            "If-None-Match": "*",
            "x-amz-checksum-sha256": to_base64(body["checksumSha256"]),
        }
        grant = {"method": "PUT", "url": f"{S3}/{photo.photo_id}", "headers": headers}
        return httpx.Response(
            201,
            json={
                "photoId": photo.photo_id,
                "status": photo.status,
                "upload": grant if photo.status == "pending" else None,
            },
        )

    def _create(self, body: Any, key: str) -> httpx.Response:
        metadata = body["metadata"]
        event_id = metadata.get("eventId")
        if same := self._find(metadata.get("checksumSha256"), event_id):
            return error(409, "AlreadyUploaded", photoId=same.photo_id)
        tags = json.loads(metadata.get("tags", "[]"))
        photo = self._begin({**body, **metadata, "tags": tags}, event_id, key)
        upload = self.begin_upload(photo)
        return httpx.Response(
            200,
            json={
                "key": f"key of {upload.upload_id}",
                "uploadId": upload.upload_id,
                "photoId": photo.photo_id,
                "partSizeBytes": upload.part_bytes,
            },
        )

    def begin_upload(self, photo: FakePhoto) -> FakeUpload:
        upload_id = f"up/{photo.photo_id}+="
        self.photos[photo.photo_id] = photo
        return self.uploads.setdefault(upload_id, FakeUpload(upload_id, photo, self.part_bytes))

    def _pending(self, cursor: int) -> httpx.Response:
        """One item a page: a client that reads only the first is found out."""
        pending = [upload for upload in self.uploads.values() if upload.photo.status == "pending"]
        items = [
            {
                "photoId": upload.photo.photo_id,
                "key": f"key of {upload.upload_id}",
                "uploadId": upload.upload_id,
                "eventId": upload.photo.event_id,
                "title": upload.photo.wish.get("title"),
                "description": upload.photo.wish.get("description"),
                "tags": upload.photo.wish.get("tags", []),
                "sizeBytes": int(upload.photo.wish["sizeBytes"]),
                "checksumSha256": to_base64(upload.photo.wish["checksumSha256"]),
                "partSizeBytes": upload.part_bytes,
            }
            for upload in pending[cursor : cursor + 1]
        ]
        following = str(cursor + 1) if len(pending) > cursor + 1 else None
        return httpx.Response(200, json={"items": items, "nextCursor": following})

    def _multipart(
        self,
        method: str,
        upload: FakeUpload,
        rest: list[str],
        parameters: dict[str, str],
        body: Any,
    ) -> httpx.Response:
        match method, rest:
            case "GET", []:
                parts = [upload.describe(number) for number in sorted(upload.parts)]
                return httpx.Response(200, json=parts)
            case "GET", ["batch"] if not upload.has_checksums:
                return error(400, "InvalidRequest")
            case "GET", ["batch"]:
                return self._sign(upload, parameters)
            case "POST", ["complete"]:
                return self._complete(upload, body["parts"])
            case "DELETE", []:
                upload.photo.status = "failed"
                return httpx.Response(200, json={})
        return error(404, "RouteNotFound")

    def _sign(self, upload: FakeUpload, parameters: dict[str, str]) -> httpx.Response:
        numbers = parameters["partNumbers"].split(",")
        checksums = parameters["checksumsSha256"].split(",")
        urls = {number: f"{S3}/{upload.photo.photo_id}/{number}" for number in numbers}
        headers = {
            number: {"x-amz-checksum-sha256": checksum}
            for number, checksum in zip(numbers, checksums, strict=True)
        }
        return httpx.Response(200, json={"presignedUrls": urls, "headers": headers})

    def _complete(self, upload: FakeUpload, parts: Any) -> httpx.Response:
        if upload.photo.photo_id not in self.objects:
            for part in parts:
                stored = upload.parts.get(part["PartNumber"])
                if stored is None or etag(stored) != part["ETag"]:
                    return error(400, "PartMissing")
            content = b"".join(upload.parts[part["PartNumber"]] for part in parts)
            if len(content) != int(upload.photo.wish["sizeBytes"]):
                return error(400, "SizeMismatch")
            self.objects[upload.photo.photo_id] = content
            if self.notices_uploads:
                self._land(upload.photo)
        return httpx.Response(200, json={"photoId": upload.photo.photo_id})

    def _describe(self, photo: FakePhoto) -> dict[str, Any]:
        return {
            "photoId": photo.photo_id,
            "fileName": "photo",
            "status": photo.status,
            "failure": photo.failure,
        }

    def _photo(self, method: str, photo_id: str, body: Any) -> httpx.Response:
        if photo_id not in self.photos:
            return error(404, "PhotoNotFound")
        photo = self.photos[photo_id]
        match method:
            case "GET":
                photo.looks += 1
            case "PUT":
                self._land(photo)
            case "PATCH":
                photo.wish |= body
        return httpx.Response(200, json=self._describe(photo))

    # --- S3

    def _storage(self, request: httpx.Request) -> httpx.Response:
        photo_id, _, number = request.url.path[1:].partition("/")
        content = request.content
        assert int(request.headers["content-length"]) == len(content)
        assert "authorization" not in request.headers
        self.sent[photo_id, int(number or 0)] += 1
        if request.headers["x-amz-checksum-sha256"] != base64_sha256(content):
            return s3_error(400, "BadDigest")
        if number:
            upload = self.uploads.get(f"up/{photo_id}+=")
            if upload is None or upload.photo.status != "pending":
                return s3_error(404, "NoSuchUpload")
            upload.parts[int(number)] = content
        elif photo_id in self.objects:
            return s3_error(412, "PreconditionFailed")
        else:
            self.objects[photo_id] = content
            if self.notices_uploads:
                self._land(self.photos[photo_id])
        return httpx.Response(200, headers={"ETag": f'"{etag(content)}"'})

    def _land(self, photo: FakePhoto) -> None:
        if photo.photo_id in self.objects and photo.status == "pending":
            if self.objects[photo.photo_id] == self.refuses_content:
                photo.status = "failed"
                photo.failure = {"code": "UnsupportedContent", "message": "It is no photo."}
            else:
                photo.status = "completed"


def is_to_cognito(request: httpx.Request) -> bool:
    return "x-amz-target" in request.headers


def etag(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def to_base64(hexadecimal: str) -> str:
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()


def error(status: int, code: str, **more: Any) -> httpx.Response:
    body = {"code": code, "message": f"This is {code}.", "requestId": "r", **more}
    return httpx.Response(status, json=body)


def refusal(message: str) -> httpx.Response:
    return httpx.Response(400, json={"__type": "NotAuthorizedException", "message": message})


def s3_error(status: int, code: str, message: str = "") -> httpx.Response:
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return httpx.Response(status, text=text, headers={"content-type": "application/xml"})
