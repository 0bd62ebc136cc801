"""Lists of 100 to 1,000,000 photos: what one page costs, which must not grow with the list.

    python -m benchmarks.scale [--rounds 5]

The functions run in this process. In place of DynamoDB, `_Index` makes the rows of an index as a
Query asks for them: those before a position, newest first, at most its Limit. No list is stored.
For the first page and for one far down the list, this counts the calls and the rows read, and
measures the CPU time of the function. The time that `_Index` takes is left out.
"""

import argparse
import json
import os
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from botocore.awsrequest import AWSResponse

from benchmarks import in_process
from benchmarks.report import Row, plot_bars

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
LIMIT = 50
DEPTH = 0.4
"""Where in the list the second page that is measured begins."""
TARGET = 1.2
"""Of the CPU time of a page of the longest list to that of the shortest."""
USER_ID = "5f0c6a52-1b7e-4a53-9a3e-2f7d0d9c4f11"
EVENT_ID = "0b0e8f6a-7c61-4d5e-9a3f-6f1f5a3c9e21"
FIRST_PHOTO = datetime(2026, 1, 1, tzinfo=UTC)
LISTS = {
    "a user's photos": ("GET /photos", {}, 1),
    "a user's photos with a tag": ("GET /photos", {"tag": "lake"}, 1),
    "an event's photos": (f"GET /events/{EVENT_ID}/photos", {}, 1),
    "an event's photos in 4 shards": (f"GET /events/{EVENT_ID}/photos", {}, 4),
}
"""The route of each list, its query, and EventListShards."""


def _photo_id(number: int) -> str:
    return str(uuid.UUID(int=number))


def _list_order(number: int) -> str:
    moment = FIRST_PHOTO + timedelta(milliseconds=137 * number)
    return f"{moment.isoformat(timespec='milliseconds')[:-6]}Z#{_photo_id(number)}"


def _row(number: int) -> dict[str, Any]:
    """Return a completed photo as DynamoDB's JSON has it."""
    photo_id, order = _photo_id(number), _list_order(number)
    texts = {
        "photoId": photo_id,
        "row": "photo",
        "listOrder": order,
        "ownerId": USER_ID,
        "key": f"uploads/user_{USER_ID}/{photo_id}.jpg",
        "versionId": "tqYcWwjZ7Qh1sX1M3zVtKpBv0oQmJ9Ya",
        "fileName": f"IMG_{number:07}.jpg",
        "contentType": "image/jpeg",
        "status": "completed",
        "uploadMethod": "PUT",
        "correlationId": photo_id,
        "thumbHash": "VhkWDQR3d3+Hl4eHh4iHiEZ/cPVH",
        "createdAt": order[:24],
        "updatedAt": order[:24],
    }
    numbers = {"sizeBytes": "3145728", "width": "4032", "height": "3024", "revision": "4"}
    sides = [{"size": size, "width": size, "height": size * 3 // 4} for size in (160, 640, 1600)]
    thumbnails = [{"M": {key: {"N": str(side)} for key, side in one.items()}} for one in sides]
    return (
        {name: {"S": text} for name, text in texts.items()}
        | {name: {"N": number} for name, number in numbers.items()}
        | {"tags": {"L": [{"S": "lake"}]}, "thumbnails": {"L": thumbnails}}
    )


class _Index:
    """Answers in DynamoDB's place, from a list of `size` photos."""

    def __init__(self) -> None:
        self.size, self.shards = 0, 1
        self.calls = self.rows = 0
        self.seconds = 0.0

    def answer(self, request: Any, **_: Any) -> AWSResponse:
        """Answer a request of botocore's before it is sent."""
        started = time.process_time()
        operation = request.headers["X-Amz-Target"].decode().partition(".")[2]
        asked = json.loads(request.body)
        self.calls += 1
        if operation == "Query":
            items = list(islice(self._rows(asked), asked["Limit"]))
            count = len(items)
            body: dict[str, Any] = {"Items": items, "Count": count, "ScannedCount": count}
            if len(items) == asked["Limit"]:
                body["LastEvaluatedKey"] = {
                    name: items[-1][name] for name in ("photoId", "row", "listOrder")
                }
            self.rows += len(items)
        else:
            (table,) = asked["RequestItems"]
            texts = {
                "eventId": EVENT_ID,
                "row": "event",
                "listOrder": f"2026-01-01T00:00:00.000Z#{EVENT_ID}",
                "name": "Party",
                "organizerId": USER_ID,
                "createdAt": "2026-01-01T00:00:00.000Z",
            }
            event = {name: {"S": text} for name, text in texts.items()}
            body = {"Responses": {table: [event]}, "UnprocessedKeys": {}}
        response = AWSResponse(request.url, 200, {}, None)
        response._content = json.dumps(body).encode()
        self.seconds += time.process_time() - started
        return response

    def _rows(self, asked: Any) -> Iterator[dict[str, Any]]:
        """Yield the rows of one partition, newest first, from the position that is asked for."""
        from photodrop.aws.tables.photo_lists import shard_of  # noqa: PLC0415 - needs settings

        values = [value["S"] for value in asked["ExpressionAttributeValues"].values()]
        before = [text for text in values if "Z#" in text]
        (partition,) = [text for text in values if "Z#" not in text]
        if "ExclusiveStartKey" in asked:
            before = [asked["ExclusiveStartKey"]["listOrder"]["S"]]
        number = uuid.UUID(before[0].partition("#")[2]).int if before else self.size
        shard = int(partition.partition(".")[2].partition("#")[0] or 0)
        while number > 0:
            number -= 1
            if self.shards == 1 or shard_of(_photo_id(number)) == shard:
                yield _row(number)


def measure(rounds: int) -> dict[tuple[str, int, str], tuple[int, int, float]]:
    """Return calls, rows and milliseconds of CPU by list, its size and "first" or "deep"."""
    in_process.prepare()
    import list_event_photos  # noqa: PLC0415 - these need the environment
    import list_photos  # noqa: PLC0415
    from photodrop import config  # noqa: PLC0415
    from photodrop.aws.tables.connection import CONNECTION  # noqa: PLC0415
    from photodrop.domain import paging  # noqa: PLC0415
    from tests.support import events  # noqa: PLC0415

    index = _Index()
    CONNECTION.client.meta.events.register_first("before-send.dynamodb", index.answer)
    times: dict[tuple[str, int, str], list[float]] = {}
    counts: dict[tuple[str, int, str], tuple[int, int]] = {}
    for number in range(rounds + 1):  # the first round warms up
        for name, (route, query, shards) in LISTS.items():
            os.environ["EVENT_LIST_SHARDS"] = str(shards)
            config.settings.cache_clear()
            of_event = "/events/" in route
            module = list_event_photos if of_event else list_photos
            for size in SIZES:
                cursor = paging.encode(_list_order(round(size * (1 - DEPTH))))
                for page, start in (("first", {}), ("deep", {"cursor": cursor})):
                    index.size, index.shards = size, shards
                    index.calls = index.rows = 0
                    index.seconds = 0.0
                    event = events.request(
                        module.__name__,
                        path=route.partition(" ")[2],
                        query={"limit": str(LIMIT)} | query | start,
                        user=USER_ID,
                    )
                    taken = _cpu_seconds(module.handler, event, events.CONTEXT) - index.seconds
                    counts[name, size, page] = index.calls, index.rows
                    if number:
                        times.setdefault((name, size, page), []).append(taken * 1000)
    return {case: (*counts[case], statistics.median(measured)) for case, measured in times.items()}


def _cpu_seconds(handler: Callable[..., Any], event: Any, context: Any) -> float:
    started = time.process_time()
    answer = handler(event, context)
    taken = time.process_time() - started
    assert answer["statusCode"] == 200, answer
    assert len(json.loads(answer["body"])["items"]) == LIMIT
    return taken


def rows(rounds: int = 5) -> list[Row]:
    """Measure all lists; print a line for each list and size, and return the figures."""
    measured = measure(rounds)
    print(f"one page of {LIMIT} photos: the first, and one after {DEPTH:.0%} of the list\n")
    header = f"{'calls':>8}{'rows':>6}{'CPU ms':>9}"
    print(f"{'':32}{'photos':>10}{header}{header}")
    for name in LISTS:
        for size in SIZES:
            cells = ""
            for page in ("first", "deep"):
                calls, read, milliseconds = measured[name, size, page]
                cells += f"{calls:8}{read:6}{milliseconds:9.1f}"
            print(f"{name:32}{size:10,}{cells}")
    print()
    found = []
    for name in LISTS:
        for page in ("first", "deep"):
            shortest, longest = (measured[name, size, page] for size in (SIZES[0], SIZES[-1]))
            assert longest[:2] == measured[name, SIZES[1], page][:2], "the calls and rows are flat"
            what = f"{name}, {page} page of {SIZES[-1]:,}"
            ratio = longest[2] / shortest[2]
            found.append(Row(what, longest[2], "ms", f"the same of {SIZES[0]}", ratio, TARGET))
    for row in found:
        print(row.as_text())
    bars = [
        (f"{name}, of {size:,}", measured[name, size, "first"][2], None)
        for name in LISTS
        for size in (SIZES[0], SIZES[2], SIZES[-1])
    ]
    plot_bars(
        "scale", f"CPU time of a page of {LIMIT} photos, by the length of the list", bars, " ms"
    )
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rows(parser.parse_args().rounds)


if __name__ == "__main__":
    main()
