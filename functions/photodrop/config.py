"""The deployment's settings. This is the only module that reads the environment."""

import os
import sys
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Settings:
    """The environment variables that `template.yaml` sets. Each name says its unit."""

    photos_table: str
    usage_table: str
    events_table: str
    students_table: str
    upload_tokens_table: str
    uploads_bucket: str
    thumbnails_bucket: str
    uploads_queue_url: str
    thumbnails_queue_url: str
    videos_queue_url: str
    purge_queue_url: str
    allowed_origin: str
    upload_ttl_seconds: int
    part_ttl_seconds: int
    upload_token_ttl_seconds: int
    abandoned_upload_days: int
    view_ttl_seconds: int
    delivery_url: str
    """Where CloudFront delivers pictures and originals; empty where S3 does."""
    delivery_key_id: str
    delivery_ttl_seconds: int
    max_image_bytes: int
    max_video_bytes: int
    max_image_pixels: int
    max_picture_bytes: int
    max_unannounced_bytes: int
    """What a file of unannounced size is charged with until its size is known."""
    thumbnail_sizes: tuple[int, ...]
    thumbnail_resolutions: tuple[str, ...]
    """The thumbnails that are made on demand: longest sides, and boxes like 640x480, in pixels."""
    uploads_per_minute: int
    event_list_shards: int
    """How many partitions the lists of one event are spread over."""
    max_photos_per_user: int
    max_bytes_per_user: int
    has_docs: bool
    """Whether the API's description and its page are served, to anybody."""
    archive_after_days: int
    """0 means that originals are not archived."""
    region: str
    links_endpoint_url: str | None
    """The endpoint of S3 that clients of a local stack can reach; None on AWS."""
    is_sam_local: bool
    """Whether `sam local` runs this on a developer's machine. Only that command sets it."""


@cache
def settings() -> Settings:
    """Return the settings, read once. Raises KeyError naming a variable that is not set."""
    env = os.environ
    return Settings(
        photos_table=env["PHOTOS_TABLE"],
        usage_table=env["USAGE_TABLE"],
        events_table=env["EVENTS_TABLE"],
        students_table=env["STUDENTS_TABLE"],
        upload_tokens_table=env["UPLOAD_TOKENS_TABLE"],
        uploads_bucket=env["UPLOADS_BUCKET"],
        thumbnails_bucket=env["THUMBNAILS_BUCKET"],
        uploads_queue_url=env["UPLOADS_QUEUE_URL"],
        thumbnails_queue_url=env["THUMBNAILS_QUEUE_URL"],
        videos_queue_url=env["VIDEOS_QUEUE_URL"],
        purge_queue_url=env["PURGE_QUEUE_URL"],
        allowed_origin=env["ALLOWED_ORIGIN"],
        upload_ttl_seconds=int(env["UPLOAD_TTL_SECONDS"]),
        part_ttl_seconds=int(env["PART_TTL_SECONDS"]),
        upload_token_ttl_seconds=int(env["UPLOAD_TOKEN_TTL_SECONDS"]),
        abandoned_upload_days=int(env["ABANDONED_UPLOAD_DAYS"]),
        view_ttl_seconds=int(env["VIEW_TTL_SECONDS"]),
        delivery_url=env.get("DELIVERY_URL", ""),
        delivery_key_id=env["DELIVERY_KEY_ID"],
        delivery_ttl_seconds=int(env["DELIVERY_TTL_SECONDS"]),
        max_image_bytes=int(env["MAX_IMAGE_BYTES"]),
        max_video_bytes=int(env["MAX_VIDEO_BYTES"]),
        max_image_pixels=int(env["MAX_IMAGE_PIXELS"]),
        max_picture_bytes=int(env["MAX_PICTURE_BYTES"]),
        max_unannounced_bytes=int(env["MAX_UNANNOUNCED_BYTES"]),
        thumbnail_sizes=tuple(sorted(int(size) for size in env["THUMBNAIL_SIZES"].split(","))),
        thumbnail_resolutions=tuple(env["THUMBNAIL_RESOLUTIONS"].split(",")),
        uploads_per_minute=int(env["UPLOADS_PER_MINUTE"]),
        event_list_shards=int(env["EVENT_LIST_SHARDS"]),
        max_photos_per_user=int(env["MAX_PHOTOS_PER_USER"]),
        max_bytes_per_user=int(env["MAX_BYTES_PER_USER"]),
        has_docs=env["DOCS"] == "true",
        archive_after_days=int(env["ARCHIVE_AFTER_DAYS"]),
        region=env["AWS_REGION"],
        links_endpoint_url=env.get("LINKS_ENDPOINT_URL") or env.get("AWS_ENDPOINT_URL"),
        is_sam_local=env.get("AWS_SAM_LOCAL") == "true",
    )


@dataclass(frozen=True, slots=True)
class Credentials:
    """The AWS credentials with which URLs are signed."""

    access_key: str
    secret_key: str
    session_token: str | None
    expires_at: str | None
    """When they expire, in ISO 8601, where the environment states it."""


@cache
def credentials() -> Credentials:
    """Return the credentials of this process, which stay the same while it lives.

    Lambda passes them in the environment and does not state when they expire. Where the environment
    does (`AWS_CREDENTIAL_EXPIRATION`, as `aws configure export-credentials` writes it), no signed
    URL must claim to be valid for longer.
    """
    env = os.environ
    return Credentials(
        access_key=env["AWS_ACCESS_KEY_ID"],
        secret_key=env["AWS_SECRET_ACCESS_KEY"],
        session_token=env.get("AWS_SESSION_TOKEN") or None,
        expires_at=env.get("AWS_CREDENTIAL_EXPIRATION") or None,
    )


# Lambda's interpreter finds its own library by LD_LIBRARY_PATH.
_KEPT_FOR_DECODERS = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ")

# By default, glibc gives each large block back to the kernel, and the next one costs a page fault
# for every page. Both variables are needed: either alone turns off glibc's own adaptation and is
# slower than none. glibc 2.34 of Amazon Linux ignores a threshold for mapping above 32 MiB.
_MEMORY_OF_DECODERS = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024**2),
    "MALLOC_TRIM_THRESHOLD_": str(1024**3),
    # Otherwise the heap of each thread takes 64 MiB of the child's limited address space.
    "MALLOC_ARENA_MAX": "1",
    # Pillow keeps up to so many bytes of an image in one piece, which libvips can read in place.
    "PILLOW_BLOCK_SIZE": "256m",
}


def decoder_environment() -> dict[str, str]:
    """Return the environment of a process that decodes untrusted files.

    It can import the same code and start the interpreter. It holds nothing else, no credentials
    above all.
    """
    kept = {name: os.environ[name] for name in _KEPT_FOR_DECODERS if name in os.environ}
    return kept | _MEMORY_OF_DECODERS | {"PYTHONPATH": os.pathsep.join(sys.path)}
