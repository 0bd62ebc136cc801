"""Unit tests: no sockets, AWS played by moto, tables as `template.yaml` has them."""

import io
import os
from collections.abc import Callable, Iterator

os.environ |= {
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret-example",
    "AWS_SESSION_TOKEN": "session-example",
    "PHOTOS_TABLE": "photos",
    "USAGE_TABLE": "usage",
    "EVENTS_TABLE": "events",
    "STUDENTS_TABLE": "students",
    "UPLOAD_TOKENS_TABLE": "upload-tokens",
    "UPLOADS_BUCKET": "photodrop-uploads",
    "THUMBNAILS_BUCKET": "photodrop-thumbnails",
    "UPLOADS_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/uploads",
    "THUMBNAILS_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/thumbnails",
    "VIDEOS_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/videos",
    "PURGE_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/purge",
    "ALLOWED_ORIGIN": "https://photos.example.com",
    "UPLOAD_TTL_SECONDS": "900",
    "PART_TTL_SECONDS": "3600",
    "UPLOAD_TOKEN_TTL_SECONDS": "3600",
    "ABANDONED_UPLOAD_DAYS": "3",
    "VIEW_TTL_SECONDS": "600",
    "DELIVERY_KEY_ID": "",
    "DELIVERY_TTL_SECONDS": "86400",
    "MAX_IMAGE_BYTES": "10000000",
    "MAX_VIDEO_BYTES": "5497558138880",
    "MAX_IMAGE_PIXELS": "100000000",
    "MAX_PICTURE_BYTES": "1000000",
    "MAX_UNANNOUNCED_BYTES": "100000000",
    "THUMBNAIL_SIZES": "160,640,1600",
    "THUMBNAIL_RESOLUTIONS": "160,320,640,2048,640x480",
    "ARCHIVE_AFTER_DAYS": "0",
    "DOCS": "true",
    "UPLOADS_PER_MINUTE": "600",
    "EVENT_LIST_SHARDS": "1",
    "MAX_PHOTOS_PER_USER": "1000",
    "MAX_BYTES_PER_USER": "1000000000",
    "POWERTOOLS_SERVICE_NAME": "photodrop",
    "POWERTOOLS_METRICS_NAMESPACE": "Photodrop",
    "POWERTOOLS_DEV": "false",
}
os.environ.pop("AWS_ENDPOINT_URL", None)

import pytest
from pytest_socket import disable_socket

from photodrop import config, observability
from tests.support import fake_aws


@pytest.fixture(autouse=True)
def no_sockets() -> None:
    disable_socket(allow_unix_socket=True)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Change settings for one test: `settings(UPLOADS_PER_MINUTE=2)`."""

    def change(**variables: object) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))
        forget()

    def forget() -> None:
        config.settings.cache_clear()
        config.credentials.cache_clear()

    forget()
    yield change
    monkeypatch.undo()
    forget()


@pytest.fixture
def aws() -> Iterator[None]:
    """The stack's tables, buckets and queue, empty."""
    with fake_aws.stack():
        yield


@pytest.fixture
def output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[], str]:
    """What functions write to their log: lines of the logger, and metrics."""
    lines = io.StringIO()
    (handler,) = observability.logger.handlers
    monkeypatch.setattr(handler, "stream", lines)
    return lambda: lines.getvalue() + capsys.readouterr().out
