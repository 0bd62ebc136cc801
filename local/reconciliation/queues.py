"""Dead-letter queues: messages that failed five times, or that nothing could read."""

from __future__ import annotations

import json
from typing import Any

from local.reconciliation.differences import Difference, Kind, Page
from photodrop.aws import clients
from photodrop.config import settings

BATCH = 10
"""How many messages SQS gives at once."""

_sqs = clients.sqs()


def waiting(queue_url: str) -> int:
    """Return about how many messages a queue has: visible, delayed and being processed."""
    names = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]
    found = _sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
    return sum(int(count) for count in found["Attributes"].values())


def dead_letter_queue(queue_url: str) -> str | None:
    """Return the URL of a queue's dead-letter queue, or None if it has none."""
    found = _sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["RedrivePolicy"])
    policy = found.get("Attributes", {}).get("RedrivePolicy")
    if policy is None:
        return None
    name = json.loads(policy)["deadLetterTargetArn"].rpartition(":")[2]
    return str(_sqs.get_queue_url(QueueName=name)["QueueUrl"])


class DeadLetters:
    """Each queue's dead-letter queue."""

    name = "queues"

    def read_page(self, position: Any) -> Page:  # noqa: ARG002 - there is only one page
        """Count the messages of each dead-letter queue. There is only one page."""
        config = settings()
        queues = [
            config.uploads_queue_url,
            config.thumbnails_queue_url,
            config.videos_queue_url,
            config.purge_queue_url,
        ]
        return Page([url for url in queues if self.examine(url)], None, len(queues))

    def examine(self, suspect: str) -> list[Difference]:
        """Count the messages of one dead-letter queue again."""
        dead_letters = dead_letter_queue(suspect)
        count = waiting(dead_letters) if dead_letters else 0
        if dead_letters is None or count == 0:
            return []
        return [
            Difference(
                Kind.DEAD_LETTERS,
                dead_letters.rpartition("/")[2],
                f"{count} messages could not be processed.",
                lambda: _redrive(dead_letters, suspect, count),
            )
        ]


def _redrive(source: str, target: str, count: int) -> bool:
    """Send up to `count` messages to their queue again, each before it is deleted here."""
    moved = 0
    while moved < count:
        found = _sqs.receive_message(QueueUrl=source, MaxNumberOfMessages=BATCH)
        messages = found.get("Messages", [])
        for message in messages:
            _sqs.send_message(QueueUrl=target, MessageBody=message["Body"])
            _sqs.delete_message(QueueUrl=source, ReceiptHandle=message["ReceiptHandle"])
        moved += len(messages)
        if not messages:
            break
    return moved > 0
