"""Signing the 300 URLs of a list of 100 photos: ours against boto3, in CPU time.

python -m benchmarks.signing [--rounds 9]
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable

import boto3

from benchmarks.report import Row
from tests.support.template import template

URLS = 300
TARGET = 0.10


def main() -> None:
    """Print the medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rows(parser.parse_args().rounds)


def rows(rounds: int = 9) -> list[Row]:
    """Measure, print and return the medians and their ratio."""
    for name in template()["Globals"]["Function"]["Environment"]["Variables"]:
        os.environ[name] = "1"
    del os.environ["AWS_ENDPOINT_URL"], os.environ["LINKS_ENDPOINT_URL"]
    os.environ |= {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"}
    os.environ |= {"AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}
    from photodrop.aws import signing  # noqa: PLC0415 - its settings are read from the above

    s3 = boto3.client("s3", region_name="us-east-1")
    keys = [f"uploads/user_0000/{number:036}/640.webp" for number in range(URLS)]

    def ours() -> None:
        for key in keys:
            signing.presign_url("GET", "photodrop", key, ttl_seconds=900)

    def theirs() -> None:
        for key in keys:
            s3.generate_presigned_url("get_object", {"Bucket": "photodrop", "Key": key})

    measured: dict[Callable[[], None], list[float]] = {ours: [], theirs: []}
    for _ in range(rounds + 1):
        for sign, times in measured.items():
            started = time.process_time()
            sign()
            times.append((time.process_time() - started) * 1000)
    # The first round warms both up.
    median = {sign: statistics.median(times[1:]) for sign, times in measured.items()}
    ratio = median[ours] / median[theirs]
    print(f"signing {URLS} URLs: ours {median[ours]:.1f} ms, boto3 {median[theirs]:.1f} ms")
    print(f"ratio {ratio:.3f} (target {TARGET:.2f})")
    what = f"signing {URLS} URLs, as for a page of 100 photos"
    return [Row(what, median[ours], "ms", "boto3", ratio, TARGET)]


if __name__ == "__main__":
    main()
