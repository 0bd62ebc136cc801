"""What a warm request costs inside the function, in CPU time, against the same written with boto3.

    python -m benchmarks.warm_requests [--rounds 5] [--requests 40]

Both ask the same stand-in for DynamoDB, a process on this machine that answers every request at
once with what a test recorded of such a request. Its time is not counted. Both get the same API
Gateway event and give the same kind of answer. The peer is benchmarks/naive_requests.py: boto3's
resource and its presigned URLs, behind the same router.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.report import Row
from tests.support.template import template

EVENTS = Path(__file__).parents[1] / "events"
PHOTOS = 100
INITIATE_TARGET_MS = 5
"""What is promised of initiate-upload, whatever a peer takes."""


def main() -> None:
    """Print a line for each kind of request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=40)
    arguments = parser.parse_args()
    rows(arguments.rounds, arguments.requests)


def rows(rounds: int = 5, requests: int = 40) -> list[Row]:
    """Measure every kind of request; print and return the figures."""
    command = [sys.executable, "-m", "benchmarks.stand_in", str(PHOTOS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as stand_in:
        assert stand_in.stdout is not None
        try:
            return _measure(stand_in.stdout.readline().strip(), rounds, requests)
        finally:
            stand_in.terminate()


def _measure(endpoint: str, rounds: int, requests: int) -> list[Row]:
    _set_environment(endpoint)
    # Their settings are read from the environment above.
    import initiate_upload  # noqa: PLC0415
    import list_photos  # noqa: PLC0415
    import sign_request  # noqa: PLC0415
    from benchmarks import naive_requests  # noqa: PLC0415

    upload = {"fileName": "a.jpg", "contentType": "image/jpeg", "sizeBytes": 1024}
    sign = {"method": "PUT", "key": "a.jpg", "contentType": "image/jpeg", "metadata": {}}
    cases = {
        "initiate-upload": (initiate_upload.handler, _event("initiate_upload", upload)),
        f"list of {PHOTOS} photos": (list_photos.handler, _event("list_photos", None)),
        "sign (/s3/sign)": (sign_request.handler, _event("sign_request", sign)),
    }
    found: list[Row] = []
    print(f"warm requests, CPU ms each, medians of {rounds} times {requests}")
    print(f"{'':24}{'ours':>8}{'boto3':>8}{'ratio':>8}")
    for name, (ours, event) in cases.items():
        measured: dict[str, list[float]] = {"ours": [], "boto3": []}
        for number in range(rounds + 1):
            count = requests if number else 5  # the first round warms both up
            measured["ours"].append(_cpu_ms(ours, event, count))
            measured["boto3"].append(_cpu_ms(naive_requests.handler, event, count))
        median = {way: statistics.median(times[1:]) for way, times in measured.items()}
        ratio = median["ours"] / median["boto3"]
        target = f"   target {INITIATE_TARGET_MS} ms" if name == "initiate-upload" else ""
        print(f"{name:24}{median['ours']:8.2f}{median['boto3']:8.2f}{ratio:8.2f}{target}")
        found.append(Row(f"{name}, warm", median["ours"], "ms", "boto3", ratio))
        if target:
            found.append(Row(f"{name}, warm", median["ours"], "ms", target=INITIATE_TARGET_MS))
    return found


def _set_environment(endpoint: str) -> None:
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    for number, name in enumerate(variables, 10**9):  # tables must not have the same name
        os.environ[name] = str(number)
    del os.environ["LINKS_ENDPOINT_URL"]
    os.environ |= {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "POWERTOOLS_SERVICE_NAME": "photodrop",
        "POWERTOOLS_METRICS_NAMESPACE": "Photodrop",
        "POWERTOOLS_LOG_LEVEL": "ERROR",
    }


def _event(name: str, body: Any) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    if body is not None:
        event["body"] = json.dumps(body)
    event["queryStringParameters"] = {"limit": str(PHOTOS)} if body is None else None
    query = event["queryStringParameters"] or {}
    event["multiValueQueryStringParameters"] = {key: [value] for key, value in query.items()}
    return event


class _Context:
    function_name = "benchmark"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:benchmark"
    aws_request_id = "52fdfc07-2182-154f-163f-5f0f9a621d72"


def _cpu_ms(handler: Callable[..., Any], event: dict[str, Any], requests: int) -> float:
    events = [json.loads(json.dumps(event)) for _ in range(requests)]
    stdout, sys.stdout = sys.stdout, Path(os.devnull).open("w")  # noqa: SIM115 - metrics are printed
    try:
        started = time.process_time()
        answers = [handler(event, _Context) for event in events]
        taken = time.process_time() - started
    finally:
        sys.stdout.close()
        sys.stdout = stdout
    for answer in answers:
        assert answer["statusCode"] in {200, 201}, answer
    return taken * 1000 / requests


if __name__ == "__main__":
    main()
