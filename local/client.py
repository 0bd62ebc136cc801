"""A small client of the public API, for the sample photo and the tests: sign in, upload, wait.

Run as a program (`make -s token`) it prints an ID token of a demo user, for use with curl.
"""

from __future__ import annotations

import argparse
import json
import mimetypes
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx

from local.emulator.root_key import RootKey
from local.state import DEFAULT_STATE_DIR, Places

TIMEOUT_SECONDS = 120.0
"""API Gateway's own limit is 29 s; a machine that is too busy takes longer, and still answers."""

PROCESSING_TIMEOUT_SECONDS = 240.0
"""A message whose function was cut off, on a machine that is too busy, comes again after 180 s."""

FINAL = ("completed", "failed")


class SignInError(Exception):
    """Cognito refused; the message is its own."""


class ProcessingTimeoutError(Exception):
    """A photo did not reach an end within the time given; the message names the state it is in."""


@dataclass(frozen=True)
class User:
    """A demo user, as stack.json lists them."""

    email: str
    password: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Stack:
    """How to reach a running stack: the content of stack.json."""

    api_url: str
    web_url: str | None
    endpoint_url: str
    region: str
    user_pool_id: str
    user_pool_client_id: str
    uploads_bucket: str
    thumbnails_bucket: str
    root_key: RootKey
    users: tuple[User, ...]
    delivery_url: str | None = None

    @classmethod
    def read(cls, path: Path) -> Stack:
        """Read the stack.json at `path`."""
        content = json.loads(path.read_text())
        return cls(
            api_url=content["apiUrl"],
            web_url=content["webUrl"],
            endpoint_url=content["endpointUrl"],
            region=content["region"],
            user_pool_id=content["userPoolId"],
            user_pool_client_id=content["userPoolClientId"],
            uploads_bucket=content["uploadsBucket"],
            thumbnails_bucket=content["thumbnailsBucket"],
            root_key=RootKey(content["accessKeyId"], content["secretAccessKey"]),
            users=tuple(
                User(user["email"], user["password"], tuple(user["groups"]))
                for user in content["users"]
            ),
            delivery_url=content.get("deliveryUrl"),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the content of stack.json."""
        return {
            "apiUrl": self.api_url,
            "webUrl": self.web_url,
            **({"deliveryUrl": self.delivery_url} if self.delivery_url else {}),
            "endpointUrl": self.endpoint_url,
            "region": self.region,
            "userPoolId": self.user_pool_id,
            "userPoolClientId": self.user_pool_client_id,
            "uploadsBucket": self.uploads_bucket,
            "thumbnailsBucket": self.thumbnails_bucket,
            "accessKeyId": self.root_key.access_key_id,
            "secretAccessKey": self.root_key.secret_access_key,
            "users": [
                {"email": user.email, "password": user.password, "groups": list(user.groups)}
                for user in self.users
            ],
        }

    def aws(self, service: str) -> Any:
        """Return a boto3 client of the emulator that may do everything: what an operator sees."""
        return boto3.client(  # type: ignore[call-overload]  # the service's name is not a literal here
            service,
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            **self.root_key.client_options(),
        )

    def user(self, email: str) -> User:
        """Find the demo user with this address. Raises KeyError."""
        for user in self.users:
            if user.email == email:
                return user
        raise KeyError(email)


def sign_in(stack: Stack, user: User) -> dict[str, str]:
    """Cognito's tokens for `user`: IdToken, AccessToken, RefreshToken. Raises SignInError."""
    answer = httpx.post(
        stack.endpoint_url,
        headers={
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
        },
        content=json.dumps(
            {
                "ClientId": stack.user_pool_client_id,
                "AuthFlow": "USER_PASSWORD_AUTH",
                "AuthParameters": {"USERNAME": user.email, "PASSWORD": user.password},
            }
        ),
        timeout=TIMEOUT_SECONDS,
        trust_env=False,
    )
    if answer.is_error:
        raise SignInError(f"{user.email} could not sign in: {answer.text}")
    tokens: dict[str, str] = answer.json()["AuthenticationResult"]
    return tokens


class Client:
    """The API as one signed-in user: `api` sends the token along, `storage` (S3) does not."""

    def __init__(self, stack: Stack, user: User | None = None) -> None:
        """Sign `user` in; None calls the API without a token."""
        self.stack = stack
        self.user = user
        headers = {"Authorization": sign_in(stack, user)["IdToken"]} if user else {}
        # trust_env: a proxy in the environment has no business with loopback.
        self.api = httpx.Client(
            base_url=stack.api_url, headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False
        )
        self.storage = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self.api.close()
        self.storage.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def initiate(
        self,
        path: str = "/photos/initiate-upload",
        *,
        idempotency_key: str | None = None,
        **body: Any,
    ) -> Any:
        """Ask for an upload grant: the 201's body. Raises httpx.HTTPStatusError."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        answer = self.api.post(path, json=body, headers=headers)
        answer.raise_for_status()
        return answer.json()

    def send(self, upload: dict[str, Any], content: bytes) -> httpx.Response:
        """Send the bytes that a grant allows, by whichever method it names."""
        if upload["method"] == "PUT":
            return self.storage.put(upload["url"], content=content, headers=upload["headers"])
        return self.storage.post(
            upload["url"], data=upload["fields"], files={"file": ("photo", content)}
        )

    def upload(self, file: Path, *, idempotency_key: str | None = None, **details: Any) -> str:
        """Upload `file` as any client would. Returns the photo's id. Raises HTTPStatusError."""
        content = file.read_bytes()
        grant = self.initiate(
            fileName=file.name,
            contentType=mimetypes.guess_type(file.name)[0] or "application/octet-stream",
            sizeBytes=len(content),
            idempotency_key=idempotency_key,
            **details,
        )
        self.send(grant["upload"], content).raise_for_status()
        return str(grant["photoId"])

    def wait(self, photo_id: str, timeout: float = PROCESSING_TIMEOUT_SECONDS) -> Any:
        """Wait until the photo is completed or failed, and return it.

        Raises ProcessingTimeoutError after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while True:
            answer = self.api.get(f"/photos/{photo_id}")
            answer.raise_for_status()
            photo = answer.json()
            if photo["status"] in FINAL:
                return photo
            if time.monotonic() > deadline:
                raise ProcessingTimeoutError(
                    f"{photo_id} is still {photo['status']} after {timeout:.0f} s"
                )
            time.sleep(0.1)


def main() -> None:
    """Print an ID token of a demo user of the running stack."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("email", nargs="?", default="ada@example.com")
    email = parser.parse_args().email
    path = Path(os.environ.get("PHOTODROP_STACK", Places(DEFAULT_STATE_DIR).stack_file))
    try:
        stack = Stack.read(path)
        print(sign_in(stack, stack.user(email))["IdToken"])
    except FileNotFoundError:
        raise SystemExit(f"There is no {path}: run `make start` first.") from None
    except (KeyError, SignInError) as error:
        raise SystemExit(f"No token for {email}: {error}") from None


if __name__ == "__main__":
    main()
