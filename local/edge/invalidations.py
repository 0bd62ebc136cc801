"""Invalidations that were created through the API, carried out on the cache."""

from __future__ import annotations

import threading
import time
from typing import Any

from local.edge.cache import Cache

INTERVAL_SECONDS = 1.0
"""How often they are looked for, at most. CloudFront takes longer to carry one out."""


class Invalidations:
    """Looks for new ones when a request comes, and empties the cache of what they name."""

    def __init__(self, cloudfront: Any, distribution_id: str, cache: Cache) -> None:
        """Those that exist already are none of this cache, which is empty."""
        self._cloudfront = cloudfront
        self._distribution_id = distribution_id
        self._cache = cache
        self._lock = threading.Lock()
        self._done = set(self._listed())
        self._looked_at = time.monotonic()

    def carry_out(self) -> None:
        """Carry out what is new, unless another thread does or a look was taken just now."""
        if time.monotonic() - self._looked_at < INTERVAL_SECONDS:
            return
        if not self._lock.acquire(blocking=False):
            return
        try:
            for invalidation_id in self._listed():
                if invalidation_id not in self._done:
                    self._cache.invalidate(self._paths(invalidation_id))
                    self._done.add(invalidation_id)
            self._looked_at = time.monotonic()
        finally:
            self._lock.release()

    def _listed(self) -> list[str]:
        pages = self._cloudfront.get_paginator("list_invalidations").paginate(
            DistributionId=self._distribution_id
        )
        return [one["Id"] for page in pages for one in page["InvalidationList"].get("Items") or []]

    def _paths(self, invalidation_id: str) -> list[str]:
        """Return the patterns, each beginning with a slash as keys do."""
        found = self._cloudfront.get_invalidation(
            DistributionId=self._distribution_id, Id=invalidation_id
        )
        paths = found["Invalidation"]["InvalidationBatch"]["Paths"].get("Items") or []
        return [path if path.startswith("/") else f"/{path}" for path in paths]
