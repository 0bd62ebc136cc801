"""Faults of queues and of S3's events."""

from __future__ import annotations

import logging
import time
from typing import Any

from ministack.services import s3, sqs

from local.emulator.faults.plan import EVENT, MESSAGE, Fault, Plan

RETURN_SECONDS = 20
"""When a message that was not handled comes again. The queues' own times, of minutes, would make a
bad day last hours; and a function that is still at work then meets its own message again."""

_log = logging.getLogger("photodrop.faults")


def apply(plan: Plan) -> None:
    """Have messages come twice and late, and events twice or never."""
    sqs._receive_messages_for_esm = _receiving(plan)
    s3._fire_s3_event = _firing(plan, s3._fire_s3_event)


def _receiving(plan: Plan) -> Any:
    def receive(queue_url: str, max_number: int) -> list[dict[str, Any]]:
        with sqs._queues_lock:
            queue = sqs._get_q(queue_url)
            sqs._expire_retained(queue)
            sqs._dlq_sweep(queue)
            batch = sqs._collect_msgs(queue, min(max_number, 10), RETURN_SECONDS)
            return [message for message in batch if _comes(plan, queue, message)]

    return receive


def _comes(plan: Plan, queue: dict[str, Any], message: dict[str, Any]) -> bool:
    """Whether this message comes now. The caller holds the lock of the queues."""
    name = queue["attributes"]["QueueArn"].rpartition(":")[2]
    fault, wait = plan.next(f"message of {name}", MESSAGE)
    if fault is None:
        return True
    _log.info("message of %s: %s", name, fault)
    if fault is Fault.LATE:
        message["visible_at"] = time.time() + wait
        message["receive_count"] -= 1  # nobody has had it
        return False
    again = {**message, "receipt_handle": None, "visible_at": time.time() + wait}
    queue["messages"].append(again)
    return True


def _firing(plan: Plan, fire: Any) -> Any:
    def firing(bucket: str, key: str, event_name: str, *rest: Any, **named: Any) -> None:
        fault, wait = plan.next(f"{event_name} of {bucket}", EVENT)
        if fault is not None:
            _log.info("%s of %s: %s", event_name, bucket, fault)
        if fault is Fault.LOST:
            return
        fire(bucket, key, event_name, *rest, **named)
        if fault is Fault.TWICE:
            time.sleep(wait)  # in a thread of this event's own
            fire(bucket, key, event_name, *rest, **named)

    return firing
