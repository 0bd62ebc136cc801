"""The stack, as moto plays it."""

import copy
import copyreg
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Condition
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from tests.support import moto_caches, template

REGION = "eu-west-1"
_BUCKETS = ("photodrop-uploads", "photodrop-thumbnails")
_QUEUES = ("uploads", "thumbnails", "videos", "purge")
_TABLES = (
    ("PhotosTable", "photos"),
    ("UsageTable", "usage"),
    ("EventsTable", "events"),
    ("StudentsTable", "students"),
    ("UploadTokensTable", "upload-tokens"),
)
# Where moto keeps what it was told: by service, and by region or, as S3 does, by partition.
_BACKENDS = (("s3", "aws"), ("sqs", REGION), ("dynamodb", REGION))

_client = cache(boto3.client)
"""One client of each service for the whole run: making one takes longer than most calls."""

moto_caches.install()

# An empty queue holds a condition, which cannot be copied. Each copy gets a new one.
copyreg.pickle(Condition, lambda _: (Condition, ()))


@contextmanager
def stack() -> Iterator[None]:
    """Play AWS with the stack in it, empty. Its session and its clients are shared."""
    keep_session = {"core": {"reset_boto3_session": False}}
    with mock_aws(config=keep_session), patch("boto3.client", _client):
        for (service, place), state in _empty_stack().items():
            vars(_backend(service, place)).update(copy.deepcopy(state))
        s3_backends.bucket_accounts |= dict.fromkeys(_BUCKETS, ("aws", DEFAULT_ACCOUNT_ID))
        yield


@cache
def _empty_stack() -> dict[tuple[str, str], Any]:
    """Create the stack as clients do, once, and return what moto keeps of it."""
    _create_stack()
    return {
        (service, place): copy.deepcopy(vars(_backend(service, place)))
        for service, place in _BACKENDS
    }


def _backend(service: Any, place: str) -> Any:
    return get_backend(service)[DEFAULT_ACCOUNT_ID][place]


def _create_stack() -> None:
    """Create the tables, buckets and queues that the functions use, as the template has them."""
    s3 = _client("s3")
    for bucket in _BUCKETS:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(
        Bucket="photodrop-uploads", VersioningConfiguration={"Status": "Enabled"}
    )
    for queue in _QUEUES:
        _client("sqs").create_queue(QueueName=queue)
    dynamodb = _client("dynamodb")
    for logical_id, name in _TABLES:
        dynamodb.create_table(TableName=name, **template.table_schema(logical_id))
