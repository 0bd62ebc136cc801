"""What all schemas of requests and answers have in common, and the schema of every error."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Schema(BaseModel):
    """Base of all schemas: camelCase in JSON, snake_case in Python, no unknown fields."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, extra="forbid")


class RequestSchema(Schema):
    """Base of requests: fields are accepted only by their names in JSON."""

    model_config = ConfigDict(validate_by_name=False, validate_by_alias=True)


class ErrorBody(Schema):
    """Every error of the service and of its gateway."""

    code: str
    message: str
    request_id: str
    fields: list[dict[str, str]] | None = None
    restore: dict[str, Any] | None = None
    photo_id: str | None = None
