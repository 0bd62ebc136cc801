"""Every few minutes: uploads that never came, photos that are stuck."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from photodrop.domain import recovery
from photodrop.observability import logger, metrics

MARGIN_MS = 10_000
"""What is begun must be finished within the function's timeout."""


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(_event: dict[str, Any], context: LambdaContext) -> None:
    """Check the photos that are due; what there is no time for is left to the next run."""
    recovery.check_due(lambda: context.get_remaining_time_in_millis() > MARGIN_MS)
