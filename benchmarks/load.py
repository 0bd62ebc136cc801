"""How long initiate-upload takes under a steady load, over HTTP against a running stack.

    make start
    python -m benchmarks.load [--rate 50] [--seconds 20]

Requests are sent at fixed moments, whether or not the ones before were answered ("open loop"), and
each is timed from the moment at which it was due: a stack that falls behind shows it. They come
from users whom this creates, enough for the limit of 120 uploads a minute. PHOTODROP_STACK names
the description of the stack, .local/stack.json if it is not set; if there is none, one is started.
The files are never sent: the uploads expire by themselves.
"""

import argparse
import json
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import httpx

from benchmarks.report import Row
from benchmarks.stack import described
from local import users
from local.client import User

TARGET_P99_MS = 200
WARM_UP_REQUESTS, WARM_UP_THREADS = 100, 4
"""Requests that start the functions and are not counted: a few at a time, each after an answer."""
UPLOADS_PER_USER = 100


def main() -> None:
    """Print the percentiles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=50, help="requests a second")
    parser.add_argument("--seconds", type=int, default=20)
    arguments = parser.parse_args()
    rows(arguments.rate, arguments.seconds)


def rows(rate: int = 50, seconds: int = 20) -> list[Row]:
    """Load the stack; print and return the percentiles."""
    with described() as path:
        stack = json.loads(path.read_text())
        people = (WARM_UP_REQUESTS + rate * seconds) // UPLOADS_PER_USER + 1
        tokens = [_sign_in(stack, number) for number in range(people)]
        statuses, times_ms = _load(stack["apiUrl"], tokens, rate, seconds)
    granted = statuses.count(201)
    print(f"initiate-upload, {rate} a second for {seconds} s, after a warm-up")
    print(
        f"answered with 201: {granted} of {len(statuses)}; others: {set(statuses) - {201} or '-'}"
    )
    cuts = statistics.quantiles(times_ms, n=100)
    print(f"p50 {cuts[49]:.0f} ms, p95 {cuts[94]:.0f} ms, p99 {cuts[98]:.0f} ms", end=" ")
    print(f"(target of p99: {TARGET_P99_MS} ms)")
    what = f"initiate-upload, {rate} a second"
    return [
        Row(f"{what}: p50", cuts[49], "ms"),
        Row(f"{what}: p99", cuts[98], "ms", target=TARGET_P99_MS),
        Row(f"{what}: answered with 201", granted / len(statuses), "", target=1.0, at_least=True),
    ]


def _load(
    api_url: str, tokens: list[str], rate: int, seconds: int
) -> tuple[list[int], list[float]]:
    statuses: list[int] = []
    times_ms: list[float] = []
    lock = threading.Lock()
    body = {"fileName": "load.jpg", "contentType": "image/jpeg", "sizeBytes": 1024}

    def send(client: httpx.Client, due: float, number: int, *, counts: bool) -> None:
        token = tokens[number % len(tokens)]
        try:
            answer = client.post(
                f"{api_url}/photos/initiate-upload", json=body, headers={"Authorization": token}
            )
            status = answer.status_code
        except httpx.HTTPError:
            status = 0  # no answer at all
        taken_ms = (time.perf_counter() - due) * 1000
        if counts:
            with lock:
                statuses.append(status)
                times_ms.append(taken_ms)

    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    with (
        httpx.Client(timeout=60, limits=limits, trust_env=False) as client,
        ThreadPoolExecutor(max_workers=200) as pool,
    ):
        with ThreadPoolExecutor(max_workers=WARM_UP_THREADS) as few:
            for number in range(WARM_UP_REQUESTS):
                few.submit(send, client, 0.0, number, counts=False)
        begun = time.perf_counter()
        sent = []
        for number in range(rate * seconds):
            due = begun + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            sent.append(pool.submit(send, client, due, number, counts=True))
        for one in sent:
            one.result()
    return statuses, times_ms


def _sign_in(stack: dict[str, str], number: int) -> str:
    """Return the ID token of a user, who is created if there is none."""
    cognito = boto3.client(
        "cognito-idp",
        region_name=stack["region"],
        endpoint_url=stack["endpointUrl"],
        aws_access_key_id=stack["accessKeyId"],
        aws_secret_access_key=stack["secretAccessKey"],
    )
    user = User(f"load-{number}@example.com", users.PASSWORD, ())
    users.add(cognito, stack["userPoolId"], user)
    # A run that was ended while it created the user has set no password.
    cognito.admin_set_user_password(
        UserPoolId=stack["userPoolId"], Username=user.email, Password=user.password, Permanent=True
    )
    signed_in = cognito.initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=stack["userPoolClientId"],
        AuthParameters={"USERNAME": user.email, "PASSWORD": user.password},
    )
    return str(signed_in["AuthenticationResult"]["IdToken"])


if __name__ == "__main__":
    main()
