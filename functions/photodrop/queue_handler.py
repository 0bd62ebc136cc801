"""What every function of a queue has in common: a message at a time, partial failures, logs."""

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

MIN_REMAINING_MS = 10_000
"""With less time left than this, the function begins no further message of a batch. The slowest
message of the uploads queue takes half of it."""


class _NoTimeLeftError(Exception):
    """There is no time left for this message. The queue delivers it again."""


def handler(
    process: Callable[[dict[str, Any]], None],
    *,
    count_try: Callable[[dict[str, Any]], None] | None = None,
) -> Callable[[dict[str, Any], LambdaContext], Any]:
    """Return a Lambda entry point that calls `process` with the JSON body of each message.

    A message for which `process` raises an error is delivered again, without the others of its
    batch. So is a message for which too little time is left: if the function timed out, the whole
    batch would be delivered again. The first message is always processed. Before a message that was
    delivered before is processed, `count_try` is called with it.
    """
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

    def process_message(record: SQSRecord, lambda_context: LambdaContext) -> None:
        logger.append_keys(message_id=record.message_id)
        is_first = not processor.success_messages and not processor.fail_messages
        if not is_first and lambda_context.get_remaining_time_in_millis() < MIN_REMAINING_MS:
            logger.warning("There is no time left for this message: it will be delivered again")
            raise _NoTimeLeftError
        try:
            message = json.loads(record.body)
            if count_try and int(record.attributes.approximate_receive_count) > 1:
                count_try(message)
            process(message)
        except Exception:
            logger.exception("This message will be delivered again")
            raise

    @metrics.log_metrics
    @logger.inject_lambda_context(clear_state=True)
    def handle(event: dict[str, Any], context: LambdaContext) -> Any:
        return process_partial_response(event, process_message, processor, context)

    return handle
