"""Which service to send to: a running local stack, or a deployment on AWS."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from photodrop_cli.errors import UsageError
from photodrop_cli.transport import is_loopback

STACK_FILE = Path(".local") / "stack.json"
NOWHERE = (
    "There is no service to upload to: no local stack runs in this folder or above, and nobody is "
    "signed in. Run `make start` in a checkout of Photodrop, or for a service on AWS "
    "`photodrop sign-in --api-url URL --client-id ID`."
)


@dataclass(frozen=True)
class Target:
    """A service and its user pool. `passwords` are a local stack's demo users, first one first."""

    api_url: str
    client_id: str
    cognito_url: str
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_local(self) -> bool:
        """Whether it runs on this machine."""
        return is_loopback(self.api_url)

    @property
    def name(self) -> str:
        """What to call it to a person."""
        parts = urlsplit(self.api_url)
        return f"the local stack on port {parts.port}" if self.is_local else str(parts.hostname)


def is_url(url: object) -> bool:
    """Tell whether this is text that can be used as the URL of a service."""
    if not isinstance(url, str):
        return False
    try:
        parsed, split = httpx.URL(url), urlsplit(url)  # each accepts some that the other does not
        return parsed.scheme in {"http", "https"} and bool(parsed.host) and bool(split.hostname)
    except (httpx.InvalidURL, ValueError):
        return False


def named(api_url: str, client_id: str, region: str | None) -> Target:
    """Return the service on AWS that these three name; the region may be part of the URL.

    Raises UsageError for a URL that would carry tokens and photos in the clear.
    """
    if not is_url(api_url):
        raise UsageError(f"{api_url} is not a URL. It must be as https://HOST/STAGE.")
    if not api_url.startswith("https://") and not is_loopback(api_url):
        raise UsageError("The API's URL must begin with https://")
    in_url = re.search(r"\.execute-api\.([a-z0-9-]+)\.amazonaws\.com", api_url)
    region = region or (in_url[1] if in_url else None)
    if not region:
        raise UsageError(
            "The URL does not name an AWS region. Give --region, or set PHOTODROP_REGION."
        )
    if not re.fullmatch(r"[a-z0-9-]+", region):
        raise UsageError(f"{region} is not an AWS region.")
    return Target(api_url.rstrip("/"), client_id, f"https://cognito-idp.{region}.amazonaws.com/")


def of_stack(file: Path) -> Target:
    """Return the local stack that this stack.json describes. Raises UsageError."""
    try:
        content: Any = json.loads(file.read_text())
        target = Target(
            api_url=content["apiUrl"],
            client_id=content["userPoolClientId"],
            cognito_url=content["endpointUrl"],
            passwords={user["email"]: user["password"] for user in content["users"]},
        )
        is_whole = (
            is_url(target.api_url)
            and is_url(target.cognito_url)
            and all(
                isinstance(text, str)
                for text in (target.client_id, *target.passwords, *target.passwords.values())
            )
        )
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        message = f"{file} cannot be read: {reason}. It exists while its local stack runs."
        raise UsageError(message) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        is_whole = False
    if not is_whole:
        raise UsageError(
            f"{file} does not describe a running stack. Start the stack again: it writes the file."
        )
    if not (target.is_local and is_loopback(target.cognito_url)):
        raise UsageError(f"{file} does not describe a stack on this machine.")
    return target


def running_stack(folder: Path) -> Path | None:
    """Find the stack.json of a stack that runs in this folder or above.

    One that belongs to somebody else is passed by: whoever may write in a shared folder could
    otherwise have photos sent to themselves.
    """
    for place in (folder, *folder.parents):
        file = place / STACK_FILE
        try:
            if file.is_file() and (not hasattr(os, "getuid") or file.stat().st_uid == os.getuid()):
                return file
        except OSError:
            continue
    return None
