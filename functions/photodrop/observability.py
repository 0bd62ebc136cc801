"""The logger and the metrics of every function, made once.

Log lines are JSON. `correlation_id` is the id of the API request that granted the upload; it is
kept in the photo's record and travels with its messages, so one query shows a photo's whole way.
Never log a token, a signed URL, a file name, or anything else that a user wrote.
"""

import warnings

from aws_lambda_powertools import Logger, Metrics

logger = Logger()
metrics = Metrics()

# A message that was handled before counts nothing; Powertools would warn of it in the log.
warnings.filterwarnings("ignore", "No application metrics to publish")
