"""Upload tokens: for clients that cannot send a header, like Uppy 6 in its Companion mode.

A token is 256 random bits that stand for one user, in the paths below ``/u/{token}`` alone, until
it expires. Only its hash is stored.
"""

import hashlib
import re
import secrets
import time
from datetime import UTC, datetime

from photodrop.aws.tables import UploadToken
from photodrop.config import settings
from photodrop.domain.callers import Caller
from photodrop.errors import UploadTokenExpiredError

TOKEN_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
"""32 bytes in base64. The table is not read for any other text."""


def create(caller: Caller) -> tuple[str, datetime]:
    """Create a token for the caller. Returns it, and when it expires."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    expires_at = int(time.time()) + settings().upload_token_ttl_seconds
    UploadToken(
        _hash(token), user_id=caller.user_id, email=caller.email, expires_at=expires_at
    ).save()
    return token, datetime.fromtimestamp(expires_at, UTC)


def caller_of(token: str) -> Caller:
    """Return the user of a token, without any groups. Raises UploadTokenExpiredError."""
    if not _TOKEN.fullmatch(token):
        raise UploadTokenExpiredError
    try:
        found = UploadToken.get(_hash(token))
    except UploadToken.DoesNotExist:
        raise UploadTokenExpiredError from None
    if found.expires_at <= time.time():
        raise UploadTokenExpiredError
    return Caller(found.user_id, found.email, frozenset())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
