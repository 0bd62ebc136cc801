"""What every queue function has in common: one message at a time, partial failures, logs."""

import json
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from photodrop.observability import logger, metrics


def handler(
    process: Callable[[dict[str, Any]], None],
) -> Callable[[dict[str, Any], LambdaContext], Any]:
    """Return a Lambda entry point that gives `process` the JSON body of each message.

    A message whose processing raises is delivered again, the others of the batch are done.
    """
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

    def process_message(record: SQSRecord) -> None:
        logger.append_keys(message_id=record.message_id)
        try:
            process(json.loads(record.body))
        except Exception:
            logger.exception("This message will be delivered again")
            raise

    @metrics.log_metrics
    @logger.inject_lambda_context(clear_state=True)
    def handle(event: dict[str, Any], context: LambdaContext) -> Any:
        return process_partial_response(event, process_message, processor, context)

    return handle
