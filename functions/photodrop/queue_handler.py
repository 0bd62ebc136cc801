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

MESSAGE_MILLIS = 10_000
"""With less than this left no further message of a batch is begun. Reading a header in as many
requests as one may take, and all writes after it, take half of it."""


class _NoTimeLeftError(Exception):
    """The message is left to another invocation."""


def handler(
    process: Callable[[dict[str, Any]], None],
    *,
    count_try: Callable[[dict[str, Any]], None] | None = None,
) -> Callable[[dict[str, Any], LambdaContext], Any]:
    """Return a Lambda entry point that gives `process` the JSON body of each message.

    A message whose processing raises is delivered again, the others of the batch are done. So are
    those for which there is too little time left: were the function ended in the middle, all of
    the batch would come again. The first always has its turn.
    `count_try` gets each message that comes again, before `process` does.
    """
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

    def process_message(record: SQSRecord, lambda_context: LambdaContext) -> None:
        logger.append_keys(message_id=record.message_id)
        is_first = not processor.success_messages and not processor.fail_messages
        if not is_first and lambda_context.get_remaining_time_in_millis() < MESSAGE_MILLIS:
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
