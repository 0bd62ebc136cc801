"""A deleted event, by way of the purge queue: removes some of what is left of it, and goes on."""

from typing import Any

from photodrop import purges, queues


def process_message(message: dict[str, Any]) -> None:
    """Remove the next attendees and photos of the one event that a message names."""
    purges.go_on(message["eventId"], message["correlationId"], last_look=message["lastLook"])


handler = queues.handler(process_message)
