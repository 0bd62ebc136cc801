"""Gap: CloudFormation does not know AWS::CloudFront::KeyGroup, though the CloudFront API does."""

from __future__ import annotations

from typing import Any

from ministack.services import cloudfront
from ministack.services.cloudformation import provisioners

from local.emulator.provisioning import Properties

_TYPE = "AWS::CloudFront::KeyGroup"


def apply() -> None:
    """Provision key groups through the service's own parser."""
    provisioners._RESOURCE_HANDLERS[_TYPE] = {
        "create": _create,
        "update": _update,
        "delete": _delete,
    }


def _create(_logical_id: str, properties: Properties, _stack_name: str) -> Any:
    config = _config(properties)
    if any(group["Config"]["Name"] == config["Name"] for group in _groups().values()):
        raise ValueError(f"{_TYPE}: there is a key group named {config['Name']} already")
    group_id = cloudfront._kg_id()
    return _store(group_id, config)


def _update(
    group_id: str, _old: Properties, properties: Properties, stack_name: str, *_rest: Any
) -> Any:
    if group_id not in _groups():
        return _create("", properties, stack_name)
    return _store(group_id, _config(properties))


def _delete(group_id: str, _properties: Properties) -> None:
    _groups().pop(group_id, None)


def _groups() -> Any:
    return cloudfront._key_groups


def _config(properties: Properties) -> Any:
    """Check that the public keys exist. Raises ValueError with the service's reason."""
    wanted = properties["KeyGroupConfig"]
    element = cloudfront.Element("KeyGroupConfig")
    for name in ("Name", "Comment"):
        cloudfront.SubElement(element, name).text = wanted.get(name)
    keys = cloudfront.SubElement(element, "Items")
    for key_id in wanted["Items"]:
        cloudfront.SubElement(keys, "PublicKey").text = key_id
    config, error = cloudfront._parse_key_group_config(element)
    if error is not None:
        raise ValueError(f"{_TYPE}: {error[2].decode()}")
    return config


def _store(group_id: str, config: Any) -> Any:
    modified = cloudfront._now_iso()
    _groups()[group_id] = {
        "Id": group_id,
        "ETag": cloudfront.new_uuid(),
        "LastModifiedTime": modified,
        "Config": config,
    }
    return group_id, {"Id": group_id, "LastModifiedTime": modified}
