"""Links of S3 against one signature for a page: a list of 100 photos, in CPU time and bytes.

python -m benchmarks.delivery [--rounds 9]
"""

import argparse
import base64
import gzip
import os
import statistics
import time
from collections.abc import Callable
from unittest import mock

from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from benchmarks.in_process import prepare
from benchmarks.report import Row

PHOTOS = 100
OWNER = "1b4c1a52-3c55-4a0e-8a8e-5f1c3d1f0a11"
MOMENT = "2026-05-01T10:00:00.000Z"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rows(parser.parse_args().rounds)


def rows(rounds: int = 9) -> list[Row]:
    """Measure, print and return the CPU time and the bytes of a page, both ways."""
    prepare()
    os.environ["AWS_SESSION_TOKEN"] = base64.b64encode(os.urandom(700)).decode()  # as Lambda's
    os.environ |= {"DELIVERY_KEY_ID": "K2JCJMDEHXQW5F", "DELIVERY_TTL_SECONDS": "86400"}
    # What these import is made from the environment above.
    from photodrop import config  # noqa: PLC0415
    from photodrop.aws import cdn_key, cdn_signing  # noqa: PLC0415
    from photodrop.aws.tables import Photo, ThumbnailSize  # noqa: PLC0415
    from photodrop.domain.paging import Page  # noqa: PLC0415
    from photodrop.http.presenters.photos import present_page  # noqa: PLC0415

    key = generate_private_key(SECP256R1())
    signer = CloudFrontSigner("K2JCJMDEHXQW5F", lambda text: key.sign(text, cdn_key._ALGORITHM))
    thumbnails = [
        ThumbnailSize(size=size, width=size, height=size * 3 // 4) for size in (160, 640, 1600)
    ]
    photos = [
        Photo(
            f"00000000-0000-4000-8000-{number:012}",
            owner_id=OWNER,
            key=f"uploads/user_{OWNER}/00000000-0000-4000-8000-{number:012}.jpg",
            file_name=f"IMG_{number}.jpg",
            content_type="image/jpeg",
            size_bytes=3_000_000,
            status="completed",
            width=4000,
            height=3000,
            thumbnails=thumbnails,
            created_at=MOMENT,
            updated_at=MOMENT,
        )
        for number in range(PHOTOS)
    ]

    def page() -> str:
        shown = present_page(Page(photos, None), f"user_{OWNER}")
        return shown.model_dump_json(by_alias=True)

    def measured(delivery_url: str) -> tuple[float, int, int]:
        os.environ["DELIVERY_URL"] = delivery_url
        config.settings.cache_clear()
        body = page()
        taken = [_cpu_ms(page, cdn_signing._grant.cache_clear) for _ in range(rounds)]
        return statistics.median(taken), len(body), len(gzip.compress(body.encode(), 6))

    with mock.patch.object(cdn_signing, "_signer", return_value=signer):
        by_s3 = measured("")
        by_edge = measured("https://d111111abcdef8.cloudfront.net")
    found = [
        Row(f"{what} of a page of {PHOTOS} photos", ours, unit, "links of S3", ours / theirs)
        for what, unit, ours, theirs in (
            ("presenting and signing", "ms", by_edge[0], by_s3[0]),
            ("bytes", "kB", by_edge[1] / 1000, by_s3[1] / 1000),
            ("bytes, compressed,", "kB", by_edge[2] / 1000, by_s3[2] / 1000),
        )
    ]
    for row in found:
        print(f"  {row.as_text()}")
    return found


def _cpu_ms(work: Callable[[], str], forget: Callable[[], None]) -> float:
    forget()
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


if __name__ == "__main__":
    main()
