"""Answers in memory: bounded, the least recently used ones dropped, each fetched once at a time."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from itertools import chain

from local.edge.messages import Response
from local.edge.wildcards import matches

Key = tuple[str, ...]
"""The path with the query string first, then the headers."""

MAX_BYTES = 256 * 1024 * 1024
MAX_ENTRY_BYTES = 8 * 1024 * 1024
"""What is larger is passed on as it comes in. CloudFront keeps such answers too."""


@dataclass(frozen=True)
class Entry:
    """A whole answer and how long it may be served."""

    response: Response
    body: bytes
    stored_at: float
    expires_at: float

    @property
    def is_fresh(self) -> bool:
        """Whether it may still be served without asking the origin."""
        return time.time() < self.expires_at

    def served(self, result: str = "Hit") -> Response:
        """Return the answer as a hit, with its age."""
        result = "Error" if self.response.status >= 400 else result
        age = str(int(time.time() - self.stored_at))
        found = replace(self.response, body=self.body)
        return found.with_headers(age=age, x_cache=f"{result} from cloudfront")


@dataclass
class _Flight:
    """A request to the origin that others with the same key wait for."""

    landed: threading.Event = field(default_factory=threading.Event)
    entry: Entry | None = None


class Cache:
    """All that the edge has kept."""

    def __init__(self, max_bytes: int = MAX_BYTES, max_entry_bytes: int = MAX_ENTRY_BYTES) -> None:
        self._max_bytes = max_bytes
        self._max_entry_bytes = max_entry_bytes
        self._lock = threading.Lock()
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._flights: dict[Key, _Flight] = {}
        self._bytes = 0
        self._invalidations = 0

    def find(self, key: Key) -> Entry | None:
        """Return what is kept under the key, if it is still fresh."""
        with self._lock:
            entry = self._find(key)
        return entry if entry and entry.is_fresh else None

    def get(
        self,
        key: Key,
        fetch: Callable[[Entry | None], Response],
        seconds_of: Callable[[Response], float],
    ) -> Response:
        """Return what is kept, or what `fetch` answers: one request at a time for each key.

        `fetch` gets an entry that has expired, if there is one, and may answer 304 for it.
        `seconds_of` says how long an answer may be kept. Whoever waited for one that is not kept
        fetches for itself.
        """
        with self._lock:
            expired = self._find(key)
            if expired and expired.is_fresh:
                return expired.served()
            flight = self._flights.get(key)
            if is_first := flight is None:
                flight = self._flights[key] = _Flight()
            invalidations = self._invalidations
        if not is_first:
            flight.landed.wait()
            return flight.entry.served() if flight.entry else fetch(None)
        try:
            response = fetch(expired)
            is_confirmed = expired is not None and response.status == HTTPStatus.NOT_MODIFIED
            if expired is not None and is_confirmed:
                response = _confirmed(expired, response)
            entry = self._entry(response, seconds_of(response))
            if entry is None:
                return response
            flight.entry = entry
            with self._lock:
                # What was fetched before an invalidation may be what it was to remove.
                if invalidations == self._invalidations:
                    self._store(key, entry)
            if is_confirmed:
                return entry.served("RefreshHit")
            return replace(response, body=entry.body)
        finally:
            with self._lock:
                del self._flights[key]
            flight.landed.set()

    def invalidate(self, patterns: list[str]) -> None:
        """Forget all whose path and query string fit one of the patterns."""
        with self._lock:
            self._invalidations += 1
            for key in list(self._entries):
                if any(matches(pattern, key[0]) for pattern in patterns):
                    self._drop(key)

    def _find(self, key: Key) -> Entry | None:
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def _store(self, key: Key, entry: Entry) -> None:
        if key in self._entries:
            self._drop(key)
        self._entries[key] = entry
        self._bytes += len(entry.body)
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: Key) -> None:
        self._bytes -= len(self._entries.pop(key).body)

    def _entry(self, response: Response, seconds: float) -> Entry | None:
        """Read the whole answer, if it may be kept and is small enough."""
        if seconds <= 0:
            return None
        if not isinstance(response.body, bytes):
            chunks = response.body
            body = self._beginning(chunks)
            if len(body) > self._max_entry_bytes:
                response.body = chain([body], chunks)
                return None
            response.close()
            response.body = body
            response.headers["content-length"] = str(len(body))
        now = time.time()
        return Entry(replace(response, body=b""), response.body, now, now + seconds)

    def _beginning(self, chunks: Iterator[bytes]) -> bytes:
        """Read all, or until it is more than may be kept."""
        body = bytearray()
        for chunk in chunks:
            body += chunk
            if len(body) > self._max_entry_bytes:
                break
        return bytes(body)


def _confirmed(expired: Entry, answer: Response) -> Response:
    """Return what has expired, with the headers by which the origin says that it is unchanged."""
    answer.close()
    headers = {**expired.response.headers, **answer.headers}
    headers["content-length"] = str(len(expired.body))
    return Response(expired.response.status, headers, expired.body)
