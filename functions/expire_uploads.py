"""The schedule, every five minutes: expires uploads that never came, and resumes stuck photos."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from photodrop.domain import recovery
from photodrop.observability import logger, metrics

MIN_REMAINING_MS = 10_000
"""With less time left than this, no further photo is checked: a check that the timeout cuts off
would have to be repeated."""


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(_event: dict[str, Any], context: LambdaContext) -> None:
    """Check the photos that are due. The next run checks those for which there is no time."""
    recovery.check_due(lambda: context.get_remaining_time_in_millis() > MIN_REMAINING_MS)
