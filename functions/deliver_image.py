"""The URL that CloudFront asks for a picture that the thumbnails bucket does not have."""

import base64
import json
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from photodrop.domain import image_delivery
from photodrop.errors import RequestError
from photodrop.observability import logger, metrics


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Answer with the picture, or with JSON that says why there is none."""
    try:
        picture = image_delivery.find_or_make(event["rawPath"].lstrip("/"))
    except RequestError as error:
        logger.info("Refused", code=error.code, status=error.status)
        return _refuse(error.status, error.code, error.message)
    except Exception:
        logger.exception("Unexpected error")
        message = "Something went wrong on our side. Please try again."
        return _refuse(500, "InternalError", message)
    return {
        "statusCode": 200,
        "headers": {
            "Content-Type": picture.content_type,
            "Cache-Control": picture.cache_control,
        },
        "body": base64.b64encode(picture.data).decode(),
        "isBase64Encoded": True,
    }


def _refuse(status: int, code: str, message: str) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"},
        "body": json.dumps({"code": code, "message": message}),
    }
