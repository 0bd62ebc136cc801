"""The peer of the start-up benchmark: a function as tutorials write it, with the same jobs."""

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from pydantic import BaseModel, Field
from pynamodb.attributes import UnicodeAttribute
from pynamodb.models import Model

s3 = boto3.client("s3")
logger = Logger()
metrics = Metrics()
tracer = Tracer()
app = APIGatewayRestResolver(enable_validation=True)


class Photo(Model):
    class Meta:
        table_name = "photos"
        region = "us-east-1"

    photo_id = UnicodeAttribute(hash_key=True)


class Upload(BaseModel):
    file_name: str = Field(max_length=255)


@app.post("/photos")
def upload(wish: Upload) -> dict[str, str]:
    return {"url": s3.generate_presigned_url("put_object", {"Bucket": "b", "Key": wish.file_name})}


Photo._get_connection().connection.client  # noqa: B018 - made at the first request otherwise
