"""Clients of S3, SQS and SSM. They share a session, which has read what every client needs."""

from typing import Any

from botocore.config import Config

from photodrop.aws.tables.connection import CONNECTION
from photodrop.config import settings


def s3() -> Any:
    """Return a client of S3."""
    return _client(
        "s3",
        Config(
            # The SDK's default checksums are refused by some other endpoints that speak S3.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={
                "us_east_1_regional_endpoint": "regional",
                # A local endpoint serves all buckets at one host.
                "addressing_style": "path" if settings().links_endpoint_url else "virtual",
            },
        ),
    )


def sqs() -> Any:
    """Return a client of SQS."""
    return _client("sqs")


def ssm() -> Any:
    """Return a client of SSM's parameter store."""
    return _client("ssm")


def _client(service: str, config: Config | None = None) -> Any:
    return CONNECTION.session.create_client(service, region_name=settings().region, config=config)
