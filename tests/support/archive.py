"""Photos as an operator reaches them, and as S3's lifecycle leaves them."""

import json
from typing import Any
from urllib.parse import quote_plus

import boto3

from local.client import Stack
from local.state import ROOT
from tests.support.running_stack import aws, resource


class Record:
    """A photo's record and its original, as an operator reaches them."""

    def __init__(self, stack: Stack, photo: Any) -> None:
        self.stack = stack
        self.s3 = aws(stack, "s3")
        self.table = boto3.resource(
            "dynamodb",
            endpoint_url=stack.endpoint_url,
            region_name=stack.region,
            **stack.root_key.client_options(),
        ).Table(resource(stack, "PhotosTable"))
        self.where = {"photoId": photo["photoId"], "row": "photo"}
        self.key = str(self.table.get_item(Key=self.where)["Item"]["key"])
        self.original = {"Bucket": stack.uploads_bucket, "Key": self.key}

    def set(self, **values: str) -> None:
        for name, value in values.items():
            self.table.update_item(
                Key=self.where,
                UpdateExpression="SET #name = :value",
                ExpressionAttributeNames={"#name": name},
                ExpressionAttributeValues={":value": value},
            )

    def archive(self, storage_class: str) -> None:
        """Put the original into an archive class, as S3's lifecycle would; tell nobody.

        The lifecycle changes a version's class. Here it takes a copy, which is another version, and
        which the service would take for a second file and erase. So the bucket is silent meanwhile.
        """
        bucket = {"Bucket": self.stack.uploads_bucket}
        told = self.s3.get_bucket_notification_configuration(**bucket)
        del told["ResponseMetadata"]
        self.s3.put_bucket_notification_configuration(**bucket, NotificationConfiguration={})
        try:
            copied = self.s3.copy_object(
                **self.original, CopySource=self.original, StorageClass=storage_class
            )
            before = self.table.get_item(Key=self.where)["Item"]["versionId"]
            self.set(versionId=copied["VersionId"])
            self.s3.delete_object(**self.original, VersionId=before)
        finally:
            self.s3.put_bucket_notification_configuration(**bucket, NotificationConfiguration=told)

    def tell(self, name: str) -> None:
        """Send an event as S3 would."""
        event = json.loads((ROOT / "events" / "process_upload_restored.json").read_text())
        notice = json.loads(event["Records"][0]["body"])
        notice["Records"][0]["eventName"] = name
        notice["Records"][0]["s3"]["object"] = {"key": quote_plus(self.key)}
        aws(self.stack, "sqs").send_message(
            QueueUrl=resource(self.stack, "UploadsQueue"), MessageBody=json.dumps(notice)
        )


def thumbnails_in_bucket(stack: Stack, key: str) -> list[str]:
    """Return the keys of the thumbnails that the original at `key` has, of any size and format."""
    found = aws(stack, "s3").list_objects_v2(
        Bucket=stack.thumbnails_bucket, Prefix=f"{key.rpartition('.')[0]}/"
    )
    return [one["Key"] for one in found.get("Contents", [])]
