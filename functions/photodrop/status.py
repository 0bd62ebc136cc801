"""The statuses of a photo."""

from enum import StrEnum


class Status(StrEnum):
    """Where a photo stands: pending, uploaded, processing, then completed or failed for good."""

    PENDING = "pending"
    UPLOADED = "uploaded"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
