"""The logger and the metrics that every function uses.

Log lines are JSON. `correlation_id` is the id of the API request that began the upload. The photo's
record keeps it, so that one query finds every line about a photo. Never log a token, a signed URL,
a file name, or anything else that a user wrote.
"""

import warnings

from aws_lambda_powertools import Logger, Metrics

logger = Logger()
metrics = Metrics()

# Powertools warns in the log when a call counts nothing. That is normal for a repeated message.
warnings.filterwarnings("ignore", "No application metrics to publish")
