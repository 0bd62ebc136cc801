"""The limits of each user: uploads begun in a minute, and bytes and photos held.

The rate limit is a token bucket in its GCRA form. It stores one number: when the bucket is full
again. A grant adds the time of one token to it, and is refused if that would be more than a minute
from now. The token, the charge and the photo's record are written in one transaction, so that there
is no charge without a photo and no photo without its charge.
"""

import time

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from photodrop.aws.tables import IdempotencyRecord, NotCreated, Photo, Usage
from photodrop.config import settings
from photodrop.errors import LimitExceededError

MINUTE_US = 60_000_000
"""The size of the bucket in microseconds: all grants of a minute may come at once."""

RETRY_HELD_SECONDS = 3600
"""The Retry-After for a user who holds too much. Only deleting photos helps them."""


def charge_and_create(
    photo: Photo,
    user_id: str,
    *,
    due_at: int,
    request: IdempotencyRecord | None = None,
    deleted_photo_id: str | None = None,
) -> bool:
    """Write a new, pending photo, and take one token of the user's rate limit.

    If the photo has an owner, they are charged with the photo and its `charged_bytes`. Returns
    False, with nothing written, if the Idempotency-Key `request` belongs to another photo than
    `deleted_photo_id`. Raises LimitExceededError if there is no token left, or the owner would hold
    more bytes or photos than allowed.
    """
    now_us = time.time_ns() // 1000
    held, has_room = _held_updates(photo)
    for rate, has_token in _token_updates(now_us):
        condition = has_token if has_room is None else has_token & has_room
        charge = (Usage(user_id), [rate, *held], condition)
        refusal = photo.create(
            due_at=due_at, charge=charge, request=request, deleted_photo_id=deleted_photo_id
        )
        if refusal != NotCreated.OVER_LIMIT:
            return refusal is None
    raise _limit_error(user_id, photo, now_us)


def _token_updates(now_us: int) -> list[tuple[Action, Condition]]:
    """Return two updates that take a token, each with its condition. Only one can succeed.

    The first is for a full bucket, which is the usual case. The second is for a burst.
    """
    token_us = _token_us()
    is_full = Usage.full_at.does_not_exist() | (Usage.full_at <= now_us)
    has_token = (Usage.full_at > now_us) & (Usage.full_at <= now_us + MINUTE_US - token_us)
    return [
        (Usage.full_at.set(now_us + token_us), is_full),
        (Usage.full_at.set(Usage.full_at + token_us), has_token),
    ]


def _token_us() -> int:
    return MINUTE_US // settings().uploads_per_minute


def _held_updates(photo: Photo) -> tuple[list[Action], Condition | None]:
    """Return the updates that charge the owner with a photo, and their condition."""
    if photo.charged_bytes is None:
        return [], None
    size_bytes, config = int(photo.charged_bytes), settings()
    bytes_fit = Usage.held_bytes <= config.max_bytes_per_user - size_bytes
    if size_bytes <= config.max_bytes_per_user:  # a new user has no `held_bytes` yet
        bytes_fit |= Usage.held_bytes.does_not_exist()
    photos_fit = Usage.held_photos.does_not_exist() | (
        Usage.held_photos < config.max_photos_per_user
    )
    return [Usage.held_bytes.add(size_bytes), Usage.held_photos.add(1)], bytes_fit & photos_fit


def _limit_error(user_id: str, photo: Photo, now_us: int) -> LimitExceededError:
    config = settings()
    try:
        usage = Usage.get(user_id, consistent_read=True)
    except Usage.DoesNotExist:
        usage = Usage(user_id)
    if photo.charged_bytes is not None:
        if usage.held_bytes + photo.charged_bytes > config.max_bytes_per_user:
            return _held_limit_error(f"{config.max_bytes_per_user} bytes of photos")
        if usage.held_photos >= config.max_photos_per_user:
            return _held_limit_error(f"{config.max_photos_per_user} photos")
    wait_us = usage.full_at + _token_us() - MINUTE_US - now_us
    return LimitExceededError(
        f"At most {config.uploads_per_minute} uploads a minute. Please wait.",
        retry_after_seconds=max(1, -(-int(wait_us) // 1_000_000)),
    )


def _held_limit_error(limit: str) -> LimitExceededError:
    return LimitExceededError(
        f"You may hold at most {limit}. Delete some first.", retry_after_seconds=RETRY_HELD_SECONDS
    )
