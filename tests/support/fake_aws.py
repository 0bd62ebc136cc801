"""The stack, as moto plays it."""

import boto3

from tests.support import template

_TABLES = (
    ("PhotosTable", "photos"),
    ("UsageTable", "usage"),
    ("EventsTable", "events"),
    ("StudentsTable", "students"),
    ("UploadTokensTable", "upload-tokens"),
)


def create_stack() -> None:
    """Create the tables, buckets and queue that the functions use, as the template has them."""
    s3 = boto3.client("s3")
    for bucket in ("photodrop-uploads", "photodrop-thumbnails"):
        s3.create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
    s3.put_bucket_versioning(
        Bucket="photodrop-uploads", VersioningConfiguration={"Status": "Enabled"}
    )
    for queue in ("uploads", "thumbnails", "videos", "purge"):
        boto3.client("sqs").create_queue(QueueName=queue)
    dynamodb = boto3.client("dynamodb")
    for logical_id, name in _TABLES:
        dynamodb.create_table(TableName=name, **template.table_schema(logical_id))
