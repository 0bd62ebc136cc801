"""An event of 20,000 people who send 200,000 photos in an hour, against AWS's documented limits.

    python -m benchmarks.event_simulation

A simulation in steps of one second, with a fixed seed. What a photo and a page of the list consume
of DynamoDB is counted from the real functions (`event_units`). It answers three questions:

- which limit is reached first, at which multiple of this load, and which parameter moves it;
- how long a photo takes to be completed when nobody prepares for the event, and when they do;
- whether twice the load is carried then.
"""

import math
import random
import statistics
from collections import deque
from dataclasses import dataclass, replace

from benchmarks.event_units import Units, count
from benchmarks.report import Row, plot_bars

PEOPLE, PHOTOS, SECONDS = 20_000, 200_000, 3600
SEED = 20261121
HEADROOM = 2.0
"""The multiple of this load that the event's lists are to carry."""

# How people behave. Nearly half come all through the hour, as many around its 40th minute, and
# every tenth within some three minutes: the moment that everybody photographs.
STEADY, BROAD, SHARP = 0.45, 0.45, 0.10
PAGES_OF_EACH = 15
"""Pages of the list that each of them opens in the hour, at the times at which photos are sent."""
THUMBNAILS_SEEN = 20
"""Thumbnails of each page that are scrolled into view. Only these are loaded."""
STATE_REQUESTS = 3
"""Requests for the state of each photo, until it is completed."""

# How long functions run, in seconds, as docs/costs.md has it, with their calls to AWS.
REQUEST, VERIFY, THUMBNAILS = 0.03, 0.06, 0.35

# AWS's limits, by its documentation. Those of Lambda and API Gateway can be raised on request.
PARTITION_WRITES, PARTITION_READS = 1000, 3000  # units a second
NEW_TABLE_WRITES, NEW_TABLE_READS = 4000, 12_000  # of a table or index without earlier traffic
GATEWAY_REQUESTS = 10_000  # a second, of all APIs of a region
ACCOUNT_CONCURRENCY, NEW_ACCOUNT_CONCURRENCY = 1000, 10
LAMBDA_SCALING = 1000  # more at once of one function, every 10 seconds
QUEUE_START, QUEUE_SCALING = 5, 300  # a queue's functions at first, and more of them each minute
PREFIX_PUTS, PREFIX_GETS = 3500, 5500  # a second, before S3 splits a prefix
DUE_SHARDS = 8


@dataclass(frozen=True)
class Deployment:
    """The template's parameters that matter here, and the account's limit."""

    name: str
    requests_per_second: int = 500
    uploads_queue_concurrency: int = 2
    thumbnails_queue_concurrency: int = 2
    event_list_shards: int = 1
    """1 or 4: what a page reads is counted for these."""
    account_concurrency: int = ACCOUNT_CONCURRENCY


DEFAULTS = Deployment("the template's defaults")
NEW_ACCOUNT = replace(
    DEFAULTS, name="the defaults in a new account", account_concurrency=NEW_ACCOUNT_CONCURRENCY
)
UNSHARDED = Deployment(
    "prepared, but for the list",
    requests_per_second=2500,
    uploads_queue_concurrency=50,
    thumbnails_queue_concurrency=200,
)
PREPARED = replace(UNSHARDED, name="prepared", event_list_shards=4)


def arrivals(factor: float = 1.0) -> list[int]:
    """Return how many photos are sent in each second. The same for each call."""
    generator = random.Random(SEED)
    weights = [
        STEADY / SECONDS + BROAD * _bell(second, 2400, 480) + SHARP * _bell(second, 2700, 90)
        for second in range(SECONDS)
    ]
    scale = factor * PHOTOS / sum(weights)
    return [
        max(0, round(generator.gauss(weight * scale, math.sqrt(weight * scale))))
        for weight in weights
    ]


def _bell(second: int, middle: float, width: float) -> float:
    distance = (second - middle) / width
    return math.exp(-distance * distance / 2) / (width * math.sqrt(2 * math.pi))


@dataclass(frozen=True)
class Limit:
    """A limit, what the busiest second asks for, and what moves it."""

    name: str
    capacity: float
    demand: float
    moved_by: str

    @property
    def factor(self) -> float:
        """The multiple of this load at which the limit is reached."""
        return self.capacity / self.demand


def limits(deployment: Deployment, units: dict[str, Units]) -> list[Limit]:
    """Return every limit, the one that is reached first first."""
    photos = float(max(arrivals()))
    pages = photos * PEOPLE * PAGES_OF_EACH / PHOTOS
    requests = photos * (1 + STATE_REQUESTS) + pages
    shards = deployment.event_list_shards
    page = units["page" if shards == 1 else "page of 4 shards"]
    page_reads = page.read["byEvent {event}"]  # of one shard

    def written(place: str) -> float:
        return sum(units[step].written.get(place, 0) for step in ("grant", "verify", "thumbnails"))

    statuses = [f"byEventStatus {{event}}#{name}" for name in ("pending", "uploaded")]
    statuses += [f"byEventStatus {{event}}#{name}" for name in ("processing", "completed")]
    busiest_status = max(map(written, statuses))
    event_reads = photos * units["grant"].read["events {event}"]
    event_reads += pages * page.read["events {event}"]
    index_writes = max(written("byEvent {event}"), sum(map(written, statuses)))
    list_reads = pages * page_reads * shards
    concurrency = requests * REQUEST + photos * (VERIFY + THUMBNAILS)
    found = [
        Limit("requests to the API", deployment.requests_per_second, requests, "RequestsPerSecond"),
        Limit("requests of all APIs", GATEWAY_REQUESTS, requests, "a quota of API Gateway"),
        Limit(
            "functions at once", deployment.account_concurrency, concurrency, "a quota of Lambda"
        ),
        Limit(
            "photos verified a second",
            deployment.uploads_queue_concurrency / VERIFY,
            photos,
            "UploadsQueueConcurrency",
        ),
        Limit(
            "photos thumbnailed a second",
            deployment.thumbnails_queue_concurrency / THUMBNAILS,
            photos,
            "ThumbnailsQueueConcurrency",
        ),
        Limit(
            "more functions of a queue in a minute",
            QUEUE_SCALING,
            _growth(60) * THUMBNAILS,
            "SQS's poller, for each queue",
        ),
        Limit(
            "more functions of one kind in 10 s",
            LAMBDA_SCALING,
            _growth(10) * THUMBNAILS,
            "a limit of Lambda",
        ),
        Limit(
            "writes of the event's list (byEvent)",
            PARTITION_WRITES,
            photos * written("byEvent {event}") / shards,
            "EventListShards",
        ),
        Limit(
            "writes of a status's list (byEventStatus)",
            PARTITION_WRITES,
            photos * busiest_status / shards,
            "EventListShards",
        ),
        Limit("reads of the event's list", PARTITION_READS, pages * page_reads, "EventListShards"),
        Limit(
            "writes of unfinished photos (byDue)",
            PARTITION_WRITES,
            photos * written("byDue due") / DUE_SHARDS,
            "DUE_SHARDS in the code",
        ),
        Limit("reads of the event itself", PARTITION_READS, event_reads, "nothing"),
        Limit(
            "writes of a new table's index",
            NEW_TABLE_WRITES,
            photos * index_writes,
            "DynamoDB itself, or warm throughput",
        ),
        Limit(
            "reads of a new table's index",
            NEW_TABLE_READS,
            list_reads,
            "DynamoDB itself, or warm throughput",
        ),
        Limit("originals put below a prefix", PREFIX_PUTS, photos, "S3 itself"),
        Limit("thumbnails put below a prefix", PREFIX_PUTS, 3 * photos, "S3 itself"),
        Limit(
            "thumbnails read below a prefix",
            PREFIX_GETS,
            pages * THUMBNAILS_SEEN,
            "S3 itself; a CDN before it",
        ),
    ]
    return sorted(found, key=lambda limit: limit.factor)


def _growth(seconds: int) -> int:
    """Return by how much the photos sent in a second grow within so many seconds, at most."""
    sent = arrivals()
    smooth = [statistics.fmean(sent[start : start + 10]) for start in range(SECONDS - 10)]
    grown = (late - early for early, late in zip(smooth, smooth[seconds:], strict=False))
    return max(1, round(max(grown)))


@dataclass(frozen=True)
class Outcome:
    """What became of the event."""

    p50: float
    """Seconds from the first request to the completed photo."""
    p95: float
    refused: int
    """Requests to upload that were answered with 429 or 503, and came again."""
    throttled_seconds: int
    """Seconds in which DynamoDB took less than what was asked of the event's lists."""
    longest_queue: int
    """Photos that waited at most, in both queues."""
    hours: float
    """Until the last photo is completed."""


def simulate(deployment: Deployment, units: dict[str, Units], factor: float = 1.0) -> Outcome:
    """Let the event happen. Whoever is refused asks again in the next second."""
    sent = deque(arrivals(factor))
    shards = deployment.event_list_shards
    costs = {
        step: max(amount for place, amount in units[step].written.items() if "{event}" in place)
        for step in ("grant", "verify", "thumbnails")
    }
    waiting = uploads = thumbnails = completed = 0.0
    verifying, resizing = float(QUEUE_START), float(QUEUE_START)
    begun, ended = [], []
    refused = throttled = longest = second = 0
    total = sum(sent)
    while completed < total - 0.5:
        new = sent.popleft() if sent else 0
        begun.append(new)
        pages = new * PEOPLE * PAGES_OF_EACH / PHOTOS
        waiting += new
        # Each upload comes with requests for its state, and with its share of the pages.
        of_each = 1 + STATE_REQUESTS + pages / max(waiting, 1)
        gate = deployment.requests_per_second / of_each
        # The queues have their share of the account's functions, and the API has what they leave.
        resize_limit = min(deployment.thumbnails_queue_concurrency, resizing)
        verify_limit = min(deployment.uploads_queue_concurrency, verifying)
        busy = min(resize_limit, thumbnails * THUMBNAILS) + min(verify_limit, uploads * VERIFY)
        left = max(deployment.account_concurrency - busy, 1)
        granted = min(waiting, gate, left / (REQUEST * of_each))
        verified = min(uploads, verify_limit / VERIFY)
        resized = min(thumbnails, resize_limit / THUMBNAILS)
        # An index that takes no more throttles the writes of the table as well.
        asked = (
            granted * costs["grant"] + verified * costs["verify"] + resized * costs["thumbnails"]
        ) / shards
        taken = min(1.0, PARTITION_WRITES / asked) if asked else 1.0
        throttled += taken < 1
        granted, verified, resized = granted * taken, verified * taken, resized * taken
        refused += round(waiting - granted)
        waiting -= granted
        uploads += granted - verified
        thumbnails += verified - resized
        completed += resized
        ended.append(resized)
        longest = max(longest, round(uploads + thumbnails))
        verifying += QUEUE_SCALING / 60 * (uploads > 0)
        resizing += QUEUE_SCALING / 60 * (thumbnails > 0)
        second += 1
    waits = _waits(begun, ended)
    return Outcome(
        waits[len(waits) // 2],
        waits[len(waits) * 95 // 100],
        refused,
        throttled,
        longest,
        second / 3600,
    )


def _waits(begun: list[int], ended: list[float]) -> list[int]:
    """Return how long each photo took, in seconds, sorted: they are completed in order."""
    waits, finished, second = [], 0.0, -1
    number = 0
    for start, amount in enumerate(begun):
        for _ in range(amount):
            number += 1
            while finished < number - 0.5 and second + 1 < len(ended):
                second += 1
                finished += ended[second]
            waits.append(max(second - start, 0))
    return sorted(waits)


def rows() -> list[Row]:
    """Print what is reached first, and what becomes of the photos; return the figures."""
    units, sent = count(), arrivals()
    print(
        f"{PEOPLE} people send {sum(sent)} photos in an hour, at most {max(sent)} in a second,\n"
        f"and open {PAGES_OF_EACH} pages of the list each."
    )
    found: list[Row] = []
    for deployment in (DEFAULTS, UNSHARDED, PREPARED):
        reached = limits(deployment, units)
        print(f"\n{deployment.name}: what is reached first\n")
        for limit in reached:
            print(
                f"  {limit.factor:7.2f} times this load   {limit.name:44}"
                f"{limit.demand:8.0f} of {limit.capacity:<8.0f}{limit.moved_by}"
            )
        first = reached[0]
        what = f"{deployment.name}: the first limit is {first.name} ({first.moved_by})"
        found.append(Row(what, first.factor, "of the load"))
    found += _headroom(limits(UNSHARDED, units), "in one partition", None)
    found += _headroom(limits(PREPARED, units), "in 4 shards", HEADROOM)
    cases = [(NEW_ACCOUNT, 1), (DEFAULTS, 1), (UNSHARDED, 1), (UNSHARDED, 2)]
    cases += [(PREPARED, 1), (PREPARED, 2)]
    print(
        f"\n{'':32}{'load':>5}{'p50 s':>8}{'p95 s':>8}{'hours':>7}"
        f"{'refused':>10}{'throttled s':>13}{'waiting':>9}"
    )
    for deployment, factor in cases:
        outcome = simulate(deployment, units, factor)
        print(
            f"{deployment.name:32}{factor:5}{outcome.p50:8.0f}{outcome.p95:8.0f}"
            f"{outcome.hours:7.1f}{outcome.refused:10}{outcome.throttled_seconds:13}"
            f"{outcome.longest_queue:9}"
        )
        what = f"{deployment.name}, {factor} times the load: p95 to completed"
        found.append(Row(what, outcome.p95, "s"))
    bars = [(limit.name, limit.factor, HEADROOM) for limit in limits(PREPARED, units)[:12]]
    plot_bars("event_simulation", "A prepared event: the load at which each limit is reached", bars)
    return found


def _headroom(reached: list[Limit], how: str, target: float | None) -> list[Row]:
    """Return the load at which the lists' limits are reached."""
    return [
        Row(f"{limit.name}, {how}", limit.factor, "of the load", target=target, at_least=True)
        for limit in reached
        if limit.moved_by == "EventListShards"
    ]


if __name__ == "__main__":
    rows()
