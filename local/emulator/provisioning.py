"""Hooks for the shims that mend what ministack's CloudFormation makes of a resource type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]


def before_provisioning(resource_type: str, mend: Callable[[Properties], Properties]) -> None:
    """Give each create and each update of that type the properties that `mend` returns."""
    _wrap(resource_type, mend, lambda _id, _properties: None)


def after_provisioning(resource_type: str, complete: Callable[[str, Properties], None]) -> None:
    """Call `complete(physical id, properties)` after each create and update of that type."""
    _wrap(resource_type, lambda properties: properties, complete)


def _wrap(
    resource_type: str,
    mend: Callable[[Properties], Properties],
    complete: Callable[[str, Properties], None],
) -> None:
    handler = provisioners._RESOURCE_HANDLERS[resource_type]
    original_create, original_update = handler["create"], handler["update"]

    def create(logical_id: str, properties: Properties, stack_name: str) -> Any:
        result = original_create(logical_id, mend(properties), stack_name)
        complete(result[0], properties)
        return result

    # The engine gives the logical id too to handlers that ask for it: hand on whatever came.
    def update(physical_id: str, old: Properties, new: Properties, *rest: Any) -> Any:
        result = original_update(physical_id, mend(old), mend(new), *rest)
        complete(result[0] if isinstance(result, tuple) else physical_id, new)
        return result

    handler["create"], handler["update"] = create, update
