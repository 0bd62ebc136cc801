"""What the edge keeps, for how long, and under which key."""

import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from local.edge import cache, freshness, invalidations
from local.edge.cache import Cache
from local.edge.freshness import TimesToLive, lifetime
from tests.support.patience import PATIENCE_SECONDS
from tests.unit.edge.stand_ins import Answer, Api, Origins, RunningEdge

TIMES = TimesToLive(minimum=0, default=60, maximum=600)
KEPT = {"Cache-Control": "max-age=100"}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The cache's clock, which stands still until `now` is changed."""
    clock = SimpleNamespace(now=1_000_000.0)
    monkeypatch.setattr(cache, "time", SimpleNamespace(time=lambda: clock.now))
    return clock


def result(edge: RunningEdge, path: str, **headers: str) -> str:
    """`Hit`, `Miss` or `Error`: what the edge did for this request."""
    answer = edge.get(path, **headers).headers["x-cache"]
    assert answer.endswith(" from cloudfront")
    return answer.split()[0]


def test_an_answer_is_kept_until_its_time_is_over(
    edge: RunningEdge, origins: Origins, clock: SimpleNamespace
) -> None:
    origins.answers["bucket:/a"] = Answer(body=b"first", headers=KEPT)
    first = edge.get("/a")
    origins.answers["bucket:/a"] = Answer(body=b"second", headers=KEPT)
    clock.now += 99
    hit = edge.get("/a")
    clock.now += 1
    fresh = edge.get("/a")

    assert [answer.text for answer in (first, hit, fresh)] == ["first", "first", "second"]
    assert hit.headers["x-cache"] == "Hit from cloudfront"
    assert hit.headers["age"] == "99"
    assert fresh.headers["x-cache"] == "Miss from cloudfront"


def test_what_has_expired_is_kept_on_if_the_origin_says_that_it_is_unchanged(
    edge: RunningEdge, origins: Origins, clock: SimpleNamespace
) -> None:
    origins.answers["bucket:/a"] = Answer(body=b"first", headers={**KEPT, "ETag": '"1"'})
    edge.get("/a")
    origins.answers["bucket:/a"] = Answer(304, headers={**KEPT, "ETag": '"1"'})
    clock.now += 100
    confirmed = edge.get("/a")
    clock.now += 99
    hit = edge.get("/a")

    assert [confirmed.text, hit.text] == ["first", "first"]
    assert confirmed.headers["x-cache"] == "RefreshHit from cloudfront"
    assert (hit.headers["x-cache"], hit.headers["age"]) == ("Hit from cloudfront", "99")
    assert [headers.get("if-none-match") for _, _, headers in origins.asked] == [None, '"1"']


def test_what_has_expired_and_was_deleted_is_gone(
    edge: RunningEdge, origins: Origins, clock: SimpleNamespace
) -> None:
    origins.answers["bucket:/a"] = Answer(body=b"first", headers={**KEPT, "ETag": '"1"'})
    edge.get("/a")
    del origins.answers["bucket:/a"]
    clock.now += 100

    assert edge.get("/a").status_code == 404


def test_the_key_is_the_path_and_what_the_cache_policy_names(
    edge: RunningEdge, origins: Origins
) -> None:
    for path in ("/a", "/a?response-content-disposition=inline"):
        origins.answers[f"bucket:{path}"] = Answer(headers=KEPT)

    assert result(edge, "/a") == "Miss"
    assert result(edge, "/a?v=2", user_agent="another", accept="image/webp") == "Hit"
    assert result(edge, "/a", x_format="webp") == "Miss"
    assert result(edge, "/a", x_format="webp") == "Hit"
    assert result(edge, "/a?response-content-disposition=inline&v=2") == "Miss"
    assert result(edge, "/a?v=3&response-content-disposition=inline") == "Hit"
    assert len(origins.asked) == 3


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 60),
        ({"cache-control": "max-age=5"}, 5),
        ({"cache-control": "public, max-age=5, s-maxage=7, immutable"}, 7),
        ({"cache-control": "max-age=31536000"}, 600),
        ({"cache-control": "max-age=0"}, 0),
        ({"cache-control": "private, max-age=5"}, 0),
        ({"cache-control": "no-store"}, 0),
        ({"cache-control": "no-cache"}, 0),
        ({"expires": "Thu, 01 Jan 1970 00:16:40 GMT"}, 100),
        ({"expires": "0"}, 0),
        ({"cache-control": "max-age=9", "expires": "0"}, 9),
    ],
)
def test_an_origins_headers_say_how_long_an_answer_is_kept(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], seconds: int
) -> None:
    monkeypatch.setattr(freshness, "time", SimpleNamespace(time=lambda: 900.0))

    assert lifetime(200, headers, TIMES, {}) == seconds


@pytest.mark.parametrize("control", ["private", "no-store", "max-age=0", "max-age=5"])
def test_the_minimum_holds_whatever_the_origin_says(control: str) -> None:
    times = TimesToLive(minimum=30, default=60, maximum=600)

    assert lifetime(200, {"cache-control": control}, times, {}) == 30


@pytest.mark.parametrize(
    ("status", "control", "configured", "seconds"),
    [
        (404, "", {}, 10),
        (404, "no-store", {}, 10),
        (404, "max-age=30", {}, 30),
        (404, "max-age=3", {404: 5}, 5),
        (404, "", {404: 0}, 0),
        (503, "", {404: 5}, 10),
        (403, "", {}, 0),
        (403, "max-age=30", {}, 30),
        (403, "", {403: 2}, 2),
        (416, "max-age=30", {}, 0),
    ],
)
def test_errors_are_kept_for_their_own_times(
    status: int, control: str, configured: dict[int, int], seconds: int
) -> None:
    assert lifetime(status, {"cache-control": control}, TIMES, configured) == seconds


def test_an_error_is_kept_no_longer_than_the_distribution_says(
    edge: RunningEdge, origins: Origins, clock: SimpleNamespace
) -> None:
    assert edge.get("/a").status_code == 404
    origins.answers["bucket:/a"] = Answer(body=b"here now")
    assert edge.get("/a").status_code == 404
    clock.now += 5

    assert edge.get("/a").text == "here now"
    assert len(origins.asked) == 2


def test_what_may_not_be_kept_is_fetched_each_time(edge: RunningEdge, origins: Origins) -> None:
    origins.answers["bucket:/a"] = Answer(headers={"Cache-Control": "no-store"})

    assert [result(edge, "/a") for _ in range(2)] == ["Miss", "Miss"]
    assert len(origins.asked) == 2


def simultaneously(count: int, call: Callable[[], object]) -> None:
    threads = [threading.Thread(target=call) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)


@pytest.mark.parametrize(("control", "requests"), [("max-age=60", 1), ("no-store", 8)])
def test_misses_at_the_same_time_are_one_request_if_the_answer_may_be_kept(
    edge: RunningEdge, origins: Origins, control: str, requests: int
) -> None:
    # The origin waits for all requests, and goes on when no more come.
    all_asked = threading.Barrier(8)
    answers: list[str] = []
    origins.answers["bucket:/a"] = Answer(
        body=b"one", headers={"Cache-Control": control}, before=lambda: _waited(all_asked)
    )

    def ask() -> None:
        answers.append(edge.get("/a").text)

    simultaneously(8, ask)

    assert answers == ["one"] * 8
    assert len(origins.asked) == requests


def _waited(barrier: threading.Barrier) -> None:
    try:
        barrier.wait(0.3)
    except threading.BrokenBarrierError:
        return


def test_who_waited_for_a_request_that_failed_asks_for_itself(origins: Origins) -> None:
    kept, waits, fails = Cache(), threading.Event(), threading.Event()
    found: list[object] = []

    def fail(_: object) -> cache.Response:
        waits.set()
        fails.wait(PATIENCE_SECONDS)
        raise ConnectionError

    def first() -> None:
        with pytest.raises(ConnectionError):
            kept.get(("/a",), fail, lambda _: 60)

    def second() -> None:
        answer = cache.Response(200, {}, b"second")
        found.append(kept.get(("/a",), lambda _: answer, lambda _: 60))

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert waits.wait(PATIENCE_SECONDS)
    threads[1].start()
    fails.set()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)

    assert [getattr(one, "body", None) for one in found] == [b"second"]


def test_the_least_recently_used_answers_make_room(
    start_edge: Callable[..., RunningEdge], origins: Origins
) -> None:
    edge = start_edge(Cache(max_bytes=25, max_entry_bytes=15))
    for name in "abc":
        origins.answers[f"bucket:/{name}"] = Answer(body=b"0123456789")

    assert [result(edge, f"/{name}") for name in "abac"] == ["Miss", "Miss", "Hit", "Miss"]
    assert [result(edge, f"/{name}") for name in "ac"] == ["Hit", "Hit"]
    assert result(edge, "/b") == "Miss"


def test_what_is_too_large_is_passed_on_and_not_kept(
    start_edge: Callable[..., RunningEdge], origins: Origins
) -> None:
    edge = start_edge(Cache(max_bytes=25, max_entry_bytes=15))
    origins.answers["bucket:/a"] = Answer(body=bytes(range(16)))

    assert [edge.get("/a").content for _ in range(2)] == [bytes(range(16))] * 2
    assert len(origins.asked) == 2


@pytest.mark.parametrize(("chunks", "is_kept"), [(1, True), (3, False)])
def test_an_answer_that_announces_no_length_is_kept_if_it_proves_small(
    *, chunks: int, is_kept: bool
) -> None:
    kept = Cache(max_entry_bytes=15)

    found = kept.get(
        ("/a",),
        lambda _: cache.Response(200, {}, iter([b"0123456789"] * chunks)),
        lambda _: 60,
    )

    body = found.body if isinstance(found.body, bytes) else b"".join(found.body)
    assert body == b"0123456789" * chunks
    assert (kept.find(("/a",)) is not None) is is_kept


@pytest.mark.parametrize(
    ("paths", "kept"),
    [
        (["/a"], {"/a?response-content-disposition=x", "/b/1", "/b/2"}),
        (["/a*"], {"/b/1", "/b/2"}),
        (["b/*", "/a"], {"/a?response-content-disposition=x"}),
        (["/*"], set()),
        (["/B/*"], {"/a", "/a?response-content-disposition=x", "/b/1", "/b/2"}),
    ],
)
def test_an_invalidation_empties_what_its_paths_fit(
    edge: RunningEdge,
    api: Api,
    origins: Origins,
    monkeypatch: pytest.MonkeyPatch,
    *,
    paths: list[str],
    kept: set[str],
) -> None:
    monkeypatch.setattr(invalidations, "INTERVAL_SECONDS", 0)
    every = ["/a", "/a?response-content-disposition=x", "/b/1", "/b/2"]
    for path in every:
        origins.answers[f"bucket:{path}"] = Answer()
        assert result(edge, path) == "Miss"
    api.invalidations["I1"] = paths

    assert {path for path in every if result(edge, path) == "Hit"} == kept
    assert {path for path in every if result(edge, path) == "Hit"} == set(every)


def test_what_was_fetched_before_an_invalidation_is_not_kept_after_it() -> None:
    kept = Cache()

    def fetch(_: object) -> cache.Response:
        kept.invalidate(["/a"])
        return cache.Response(200, {}, b"old")

    kept.get(("/a",), fetch, lambda _: 60)

    assert kept.find(("/a",)) is None


def test_invalidations_are_looked_for_at_most_once_a_second(
    edge: RunningEdge, api: Api, origins: Origins, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = SimpleNamespace(now=0.0)
    monkeypatch.setattr(invalidations, "time", SimpleNamespace(monotonic=lambda: seconds.now))
    origins.answers["bucket:/a"] = Answer()
    seconds.now = 10**9
    assert result(edge, "/a") == "Miss"
    api.invalidations["I1"] = ["/a"]
    assert result(edge, "/a") == "Hit"
    seconds.now += 1

    assert result(edge, "/a") == "Miss"
