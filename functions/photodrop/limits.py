"""Per-user limits: upload grants a minute, and bytes and photos held.

The rate is a token bucket in the form known as GCRA: one number, the moment at which the bucket is
full again. A grant moves it on by the cost of one token, and is refused when that would put it
more than a minute ahead. One conditional update charges the rate and what is held together.
"""

import time

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from photodrop.config import settings
from photodrop.errors import LimitExceededError
from photodrop.models import Photo, Usage
from photodrop.models.connection import is_made

MINUTE_US = 60_000_000
"""The bucket's depth, in microseconds: a whole minute's grants may come at once."""

RETRY_HELD_SECONDS = 3600
"""Told to a user who holds too much: nothing frees itself soon."""


def charge(user_id: str, size_bytes: int) -> None:
    """Take one grant and `size_bytes` from the user's limits.

    Raises LimitExceededError when the grants of the minute are used up, or the user would hold
    more bytes or photos than allowed.
    """
    config = settings()
    if size_bytes > config.max_bytes_per_user:  # a new user has no row to be compared with
        raise _holds_too_much(f"{config.max_bytes_per_user} bytes of photos")
    token_us = MINUTE_US // config.uploads_per_minute
    now_us = time.time_ns() // 1000
    held = (
        Usage.held_bytes.does_not_exist()
        | (Usage.held_bytes <= config.max_bytes_per_user - size_bytes)
    ) & (Usage.held_photos.does_not_exist() | (Usage.held_photos < config.max_photos_per_user))
    add = [Usage.held_bytes.add(size_bytes), Usage.held_photos.add(1)]

    # A user who is not in a burst has a full bucket: one write. In a burst it takes a second one.
    is_full = Usage.full_at.does_not_exist() | (Usage.full_at <= now_us)
    if _update(user_id, [Usage.full_at.set(now_us + token_us), *add], held & is_full):
        return
    has_token = (Usage.full_at > now_us) & (Usage.full_at <= now_us + MINUTE_US - token_us)
    if _update(user_id, [Usage.full_at.set(Usage.full_at + token_us), *add], held & has_token):
        return
    raise _why_refused(user_id, size_bytes, now_us, token_us)


def release(user_id: str, size_bytes: int) -> None:
    """Give back what `charge` took for a photo that was not recorded after all (not its grant)."""
    Usage(user_id).update([Usage.held_bytes.add(-size_bytes), Usage.held_photos.add(-1)])


def _update(user_id: str, actions: list[Action], condition: Condition) -> bool:
    return is_made(lambda: Usage(user_id).update(actions, condition))


def _why_refused(user_id: str, size_bytes: int, now_us: int, token_us: int) -> LimitExceededError:
    config = settings()
    usage = Usage.get(user_id, consistent_read=True)
    if usage.held_bytes + size_bytes > config.max_bytes_per_user:
        return _holds_too_much(f"{config.max_bytes_per_user} bytes of photos")
    if usage.held_photos >= config.max_photos_per_user:
        return _holds_too_much(f"{config.max_photos_per_user} photos")
    wait_us = usage.full_at + token_us - MINUTE_US - now_us
    return LimitExceededError(
        f"At most {config.uploads_per_minute} uploads a minute. Please wait.",
        retry_after_seconds=max(1, -(-int(wait_us) // 1_000_000)),
    )


def settle(photo: Photo, size_bytes: int) -> None:
    """Charge a file whose size was not announced, and record its size: see `Photo.settle_size`.

    Raises LimitExceededError, and Photo.DoesNotExist for a photo that was deleted.
    """
    most = settings().max_bytes_per_user
    if not photo.settle_size(size_bytes, most_held=most):
        raise _holds_too_much(f"{most} bytes of photos")


def _holds_too_much(limit: str) -> LimitExceededError:
    return LimitExceededError(
        f"You may hold at most {limit}. Delete some first.", retry_after_seconds=RETRY_HELD_SECONDS
    )
