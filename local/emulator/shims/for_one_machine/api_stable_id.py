"""Gap: a changed API body replaces the REST API, so its id and every URL change at each deploy.

CloudFormation re-imports the body into the same API (PutRestApi, overwrite). A page left open or a
curl line in someone's shell should survive a redeploy here as it does there.
"""

from __future__ import annotations

from typing import Any

from ministack.services import apigateway_v1 as gateway
from ministack.services.cloudformation import provisioners

from local.emulator import api_body

_MADE_BY_AN_IMPORT = (
    gateway._resources,
    gateway._authorizers_v1,
    gateway._models,
    gateway._gateway_responses,
    gateway._request_validators,
)
"""Stores keyed by API id whose content is the body's. Stages and deployments are not."""


def apply() -> None:
    """Import a changed body into the API that is there."""
    handler = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RestApi"]
    original = handler["update"]

    def update(
        physical_id: str, old: api_body.Json, new: api_body.Json, stack_name: str, *rest: Any
    ) -> tuple[str, api_body.Json]:
        if new.get("Body") == old.get("Body") or not isinstance(new.get("Body"), dict):
            updated: tuple[str, api_body.Json] = original(physical_id, old, new, stack_name, *rest)
            return updated
        imported, _attributes = handler["create"](rest[0] if rest else physical_id, new, stack_name)
        _move(imported, physical_id)
        attributes: api_body.Json = provisioners._apigw_rest_api_attrs(physical_id)
        return physical_id, attributes

    handler["update"] = update


def _move(imported: str, kept: str) -> None:
    """Put what was imported as `imported` in the place of `kept`, and drop the temporary API."""
    created = gateway._rest_apis[kept]["createdDate"]
    gateway._rest_apis[kept] = {**gateway._rest_apis[imported], "id": kept, "createdDate": created}
    for store in _MADE_BY_AN_IMPORT:
        store[kept] = store.get(imported, {})
        store.pop(imported, None)
    gateway._delete_rest_api(imported)
