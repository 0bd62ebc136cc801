"""The functions in this process, with AWS played by moto: for benchmarks that need no stack."""

import os

from tests.support.template import template

REGION = "eu-west-1"  # as in tests/support/fake_aws.py, and so are the names below
NAMES = {
    "PHOTOS_TABLE": "photos",
    "USAGE_TABLE": "usage",
    "EVENTS_TABLE": "events",
    "STUDENTS_TABLE": "students",
    "UPLOAD_TOKENS_TABLE": "upload-tokens",
    "UPLOADS_BUCKET": "photodrop-uploads",
    "THUMBNAILS_BUCKET": "photodrop-thumbnails",
    "ALLOWED_ORIGIN": "https://photos.example.com",
    "POWERTOOLS_LOG_LEVEL": "ERROR",
    "POWERTOOLS_METRICS_DISABLED": "true",
}
QUEUES = ("uploads", "thumbnails", "videos", "purge")


def prepare() -> None:
    """Set the environment that the functions read. Call it before anything imports them."""
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    parameters = template()["Parameters"]
    for name, value in variables.items():
        reference = value.get("Ref") if isinstance(value, dict) else value
        os.environ[name] = str(parameters.get(reference, {}).get("Default", "1"))
    for name in ("AWS_ENDPOINT_URL", "LINKS_ENDPOINT_URL"):
        os.environ.pop(name, None)
    os.environ |= {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
    os.environ |= {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
    os.environ |= {"THUMBNAIL_SIZES": parameters["ThumbnailSizes"]["Default"]}
    os.environ |= {"THUMBNAIL_RESOLUTIONS": parameters["ThumbnailResolutions"]["Default"]}
    os.environ |= NAMES
    account = f"https://sqs.{REGION}.amazonaws.com/123456789012"
    for queue in QUEUES:
        os.environ[f"{queue.upper()}_QUEUE_URL"] = f"{account}/{queue}"
