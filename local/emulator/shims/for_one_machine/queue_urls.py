"""Gap: queues are stored by a URL that holds the port: on another port nothing reads them.

Functions still send to them (a queue is found by its name too), but no event source mapping polls
them: after `make start PORT=...` every upload would stay pending.
"""

from __future__ import annotations

from typing import Any

from ministack.services import sqs


def apply() -> None:
    """Move the restored queues to the URLs of the port we are on."""
    restore = sqs._restore_state

    def restore_here(data: Any) -> None:
        restore(data)
        stored = sqs._queues._data
        for (account, region, url), queue in list(stored.items()):
            here = sqs._queue_url_for_account(account, queue["name"])
            if here != url:
                stored[account, region, here] = stored.pop((account, region, url))
                queue["url"] = here
        sqs._queue_name_to_url.clear()
        sqs._rebuild_queue_name_index()

    sqs._restore_state = restore_here
