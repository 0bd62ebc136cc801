"""What all shapes of requests and responses have in common, and the shape of every error."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Schema(BaseModel):
    """Base of all shapes: camelCase outside, snake_case inside, unknown fields refused."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, extra="forbid")


class RequestSchema(Schema):
    """Base of what clients send: only by the names that are described."""

    model_config = ConfigDict(validate_by_name=False, validate_by_alias=True)


class ErrorBody(Schema):
    """Every error of the service and of its gateway."""

    code: str
    message: str
    request_id: str
    fields: list[dict[str, str]] | None = None
    restore: dict[str, Any] | None = None
    photo_id: str | None = None
