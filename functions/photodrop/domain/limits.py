"""Per-user limits: upload grants a minute, and bytes and photos held.

The rate is a token bucket in the form known as GCRA: one number, the moment at which the bucket is
full again. A grant moves it on by the cost of one token, and is refused when that would put it
more than a minute ahead. The rate, what is held, and the photo's record are written in one
transaction: nobody is charged for a photo without a record, and no record is free.
"""

import time

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from photodrop.aws.tables import IdempotencyRecord, NotCreated, Photo, Usage
from photodrop.config import settings
from photodrop.errors import LimitExceededError

MINUTE_US = 60_000_000
"""The bucket's depth, in microseconds: a whole minute's grants may come at once."""

RETRY_HELD_SECONDS = 3600
"""Told to a user who holds too much: waiting for less does not help them."""


def create(
    photo: Photo,
    user_id: str,
    *,
    due_at: int,
    request: IdempotencyRecord | None = None,
    gone_photo_id: str | None = None,
) -> bool:
    """Write a new, pending photo, at the cost of one grant of the user's.

    Where the photo has an owner, they are charged with it and its `charged_bytes`, too. Returns
    False, and charges nothing, when `request` names another photo than `gone_photo_id`. Raises
    LimitExceededError when the grants of the minute are used up, or the owner would hold more bytes
    or photos than allowed.
    """
    now_us = time.time_ns() // 1000
    held, may_hold = _held(photo)
    for rate, has_token in _token(now_us):
        condition = has_token if may_hold is None else has_token & may_hold
        charge = (Usage(user_id), [rate, *held], condition)
        refusal = photo.create(
            due_at=due_at, charge=charge, request=request, gone_photo_id=gone_photo_id
        )
        if refusal != NotCreated.OVER_LIMIT:
            return refusal is None
    raise _why_refused(user_id, photo, now_us)


def _token(now_us: int) -> list[tuple[Action, Condition]]:
    """Return the two ways to take a token from the bucket, the usual one first.

    A user who is not in a burst has a full bucket. In a burst it takes the second one.
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


def _held(photo: Photo) -> tuple[list[Action], Condition | None]:
    """Return what a photo adds to what its owner holds, and on which condition."""
    if photo.charged_bytes is None:
        return [], None
    size_bytes, config = int(photo.charged_bytes), settings()
    bytes_fit = Usage.held_bytes <= config.max_bytes_per_user - size_bytes
    if size_bytes <= config.max_bytes_per_user:  # else not even a new user may hold it
        bytes_fit |= Usage.held_bytes.does_not_exist()
    photos_fit = Usage.held_photos.does_not_exist() | (
        Usage.held_photos < config.max_photos_per_user
    )
    return [Usage.held_bytes.add(size_bytes), Usage.held_photos.add(1)], bytes_fit & photos_fit


def _why_refused(user_id: str, photo: Photo, now_us: int) -> LimitExceededError:
    config = settings()
    try:
        usage = Usage.get(user_id, consistent_read=True)
    except Usage.DoesNotExist:
        usage = Usage(user_id)
    if photo.charged_bytes is not None:
        if usage.held_bytes + photo.charged_bytes > config.max_bytes_per_user:
            return _holds_too_much(f"{config.max_bytes_per_user} bytes of photos")
        if usage.held_photos >= config.max_photos_per_user:
            return _holds_too_much(f"{config.max_photos_per_user} photos")
    wait_us = usage.full_at + _token_us() - MINUTE_US - now_us
    return LimitExceededError(
        f"At most {config.uploads_per_minute} uploads a minute. Please wait.",
        retry_after_seconds=max(1, -(-int(wait_us) // 1_000_000)),
    )


def _holds_too_much(limit: str) -> LimitExceededError:
    return LimitExceededError(
        f"You may hold at most {limit}. Delete some first.", retry_after_seconds=RETRY_HELD_SECONDS
    )
