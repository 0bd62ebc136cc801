"""When the command-line client tries again, and when it does not."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from photodrop_cli import transport
from photodrop_cli.errors import RefusedError, TemporaryError, UnreachableError
from photodrop_cli.transport import backoff, classify, exchange, is_loopback, retry

REFUSED = RefusedError(503, "SlowDown", "slow down")


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds: list[float] = []

    async def sleep(duration: float) -> None:
        seconds.append(duration)

    monkeypatch.setattr(transport.asyncio, "sleep", sleep)
    return seconds


def run(errors: list[Exception], attempts: int = transport.ATTEMPTS) -> int:
    """Make attempts that fail with these errors. Returns how many it took."""
    made = 0

    async def attempt() -> int:
        nonlocal made
        made += 1
        if errors:
            raise errors.pop(0)
        return made

    return asyncio.run(retry(attempt, waiting=lambda *_: None, attempts=attempts))


def test_the_wait_doubles_up_to_a_limit_and_half_of_it_is_chance() -> None:
    for number, longest in enumerate([0.5, 1, 2, 4, 8, 16, 30, 30], 1):
        waits = [backoff(number) for _ in range(200)]
        assert longest / 2 <= min(waits) < max(waits) <= longest
        assert max(waits) - min(waits) > longest / 4


def test_it_is_tried_until_it_works(slept: list[float]) -> None:
    assert run([TemporaryError(REFUSED)] * 5) == 6
    assert len(slept) == 5


def test_it_gives_up_with_the_last_reason(slept: list[float]) -> None:
    with pytest.raises(RefusedError, match="slow down"):
        run([TemporaryError(REFUSED)] * 100)
    assert len(slept) == transport.ATTEMPTS - 1
    assert 45 < sum(slept) < 130


def test_a_final_word_is_final(slept: list[float]) -> None:
    with pytest.raises(RefusedError):
        run([REFUSED])
    assert not slept


def test_retry_after_is_honoured(slept: list[float]) -> None:
    run([TemporaryError(REFUSED, retry_after=seconds) for seconds in (7, 0)])
    assert slept == [7, 0]


def test_what_asks_for_an_hour_is_told_at_once(slept: list[float]) -> None:
    with pytest.raises(RefusedError):
        run([TemporaryError(REFUSED, retry_after=3600)])
    assert not slept


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_answers_that_may_change(status: int) -> None:
    assert isinstance(classify(httpx.Response(status), "C", "m"), TemporaryError)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 413])
def test_answers_that_will_not_change(status: int) -> None:
    assert isinstance(classify(httpx.Response(status), "C", "m"), RefusedError)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("soon", None),
        ("-1", None),
        ("", None),
    ],
    ids=["seconds", "now", "words", "negative", "empty"],
)
def test_retry_after_is_a_number(value: str, seconds: float | None) -> None:
    found = transport.retry_after(httpx.Response(429, headers={"Retry-After": value}))
    assert found == seconds


@pytest.mark.parametrize(("ahead", "seconds"), [(30, 30), (-30, 0)])
def test_retry_after_may_be_a_date(ahead: int, seconds: int) -> None:
    value = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead))
    found = transport.retry_after(httpx.Response(429, headers={"Retry-After": value}))
    assert found == pytest.approx(seconds, abs=5)


def exchanged(error: Exception) -> None:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise error

    async def run() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(fail)) as http:
            await exchange(http, http.build_request("GET", "https://host/secret?X-Amz-Signature=1"))

    asyncio.run(run())


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("x"),
        httpx.ReadError("x"),
        httpx.WriteError("x"),
        httpx.RemoteProtocolError("x"),
        httpx.ConnectTimeout("x"),
        httpx.WriteTimeout("x"),
        httpx.ProxyError("x"),
    ],
)
def test_a_network_that_fails_may_come_back_and_is_told_without_the_url(error: Exception) -> None:
    with pytest.raises(TemporaryError) as raised:
        exchanged(error)
    assert raised.value.final.message.startswith("host cannot be reached: no ")
    assert "secret" not in raised.value.final.message


def test_a_certificate_that_is_not_trusted_stays_so() -> None:
    error = httpx.ConnectError("x")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed")
    with pytest.raises(UnreachableError, match="certificate"):
        exchanged(error)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:4566/x", True),
        ("http://[::1]/", True),
        ("http://localhost:5", True),
        ("http://127.0.0.1.example.com/", False),
        ("http://localhost.example.com/", False),
        ("https://10.0.0.1/", False),
        ("nonsense", False),
    ],
)
def test_loopback_is_this_machine_alone(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected
