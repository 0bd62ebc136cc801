"""The peer of the benchmark of warm requests: the same routes with boto3, as tutorials do it."""

import time
import uuid
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from boto3.dynamodb.conditions import Key
from pydantic import BaseModel, Field

logger = Logger(service="naive")
metrics = Metrics(namespace="Naive", service="naive")
app = APIGatewayRestResolver(enable_validation=True)
s3 = boto3.client("s3", endpoint_url="https://s3.us-east-1.amazonaws.com")
table = boto3.resource("dynamodb").Table("photos")


class Upload(BaseModel):
    fileName: str = Field(max_length=255)  # noqa: N815 - the name in JSON
    contentType: str  # noqa: N815
    sizeBytes: int = Field(ge=1)  # noqa: N815


class Signed(BaseModel):
    key: str
    contentType: str  # noqa: N815


class Thumbnail(BaseModel):
    size: int
    width: int
    height: int
    url: str


class Photo(BaseModel):
    photoId: str  # noqa: N815
    fileName: str  # noqa: N815
    status: str
    sizeBytes: int  # noqa: N815
    thumbnails: list[Thumbnail]


def _begin(file_name: str, content_type: str, size_bytes: int | None) -> dict[str, Any]:
    photo_id = str(uuid.uuid4())
    key = f"uploads/ada/{photo_id}.jpg"
    table.update_item(  # the user's limits
        Key={"photoId": "ada", "row": "usage"},
        UpdateExpression="ADD heldBytes :bytes, heldPhotos :one",
        ExpressionAttributeValues={":bytes": size_bytes or 0, ":one": 1},
    )
    table.put_item(
        Item={
            "photoId": photo_id,
            "row": "photo",
            "key": key,
            "fileName": file_name,
            "contentType": content_type,
            "sizeBytes": size_bytes,
            "status": "pending",
            "createdAt": str(time.time()),
        },
        ConditionExpression="attribute_not_exists(photoId)",
    )
    wanted = {"Bucket": "photodrop", "Key": key, "ContentType": content_type}
    url = s3.generate_presigned_url("put_object", wanted, ExpiresIn=900)
    return {"photoId": photo_id, "key": key, "url": url}


@app.post("/photos/initiate-upload")
def initiate_upload(upload: Upload) -> dict[str, Any]:
    return _begin(upload.fileName, upload.contentType, upload.sizeBytes)


@app.post("/s3/sign")
def sign(wanted: Signed) -> dict[str, Any]:
    return _begin(wanted.key, wanted.contentType, None)


@app.get("/photos")
def list_photos() -> list[Photo]:
    found = table.query(
        IndexName="byOwner",
        KeyConditionExpression=Key("ownerList").eq("user_ada"),
        ScanIndexForward=False,
        Limit=100,
    )
    return [
        Photo(
            photoId=item["photoId"],
            fileName=item["fileName"],
            status=item["status"],
            sizeBytes=int(item["sizeBytes"]),
            thumbnails=[
                Thumbnail(
                    size=int(thumbnail["size"]),
                    width=int(thumbnail["width"]),
                    height=int(thumbnail["height"]),
                    url=s3.generate_presigned_url(
                        "get_object",
                        {"Bucket": "photodrop", "Key": f"{item['key']}/{thumbnail['size']}"},
                    ),
                )
                for thumbnail in item["thumbnails"]
            ],
        )
        for item in found["Items"]
    ]


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    metrics.add_metric(name="Requests", unit="Count", value=1)
    return app.resolve(event, context)
