"""Gap: a bucket's LifecycleConfiguration and BucketEncryption are dropped from a template."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from ministack.services import s3

from local.emulator.provisioning import Properties, after_provisioning


def apply() -> None:
    """Store both once the bucket is there."""
    after_provisioning("AWS::S3::Bucket", _store_configuration)


def _store_configuration(bucket: str, properties: Properties) -> None:
    lifecycle = properties.get("LifecycleConfiguration")
    if lifecycle:
        _accept(bucket, s3._put_bucket_lifecycle(bucket, _lifecycle_xml(lifecycle)))
    else:
        s3._bucket_lifecycle.pop(bucket, None)
    encryption = properties.get("BucketEncryption")
    if encryption:
        _accept(bucket, s3._put_bucket_encryption(bucket, _encryption_xml(encryption)))
    else:
        s3._bucket_encryption.pop(bucket, None)


def _accept(bucket: str, response: tuple[int, dict[str, str], bytes]) -> None:
    """Fail the deploy, as AWS does, when S3 refuses the configuration."""
    if response[0] >= 400:
        raise ValueError(f"S3 refused the configuration of {bucket}: {response[2]!r}")


def _lifecycle_xml(configuration: Properties) -> bytes:
    """CloudFormation's rules as the body of PutBucketLifecycleConfiguration, whose names differ."""
    root = Element("LifecycleConfiguration")
    for rule in configuration.get("Rules") or []:
        element = SubElement(root, "Rule")
        _add(element, ID=rule.get("Id"), Status=rule["Status"])
        _add_filter(element, rule)
        for transition in [*(rule.get("Transitions") or []), rule.get("Transition")]:
            if transition:
                _add(
                    SubElement(element, "Transition"),
                    Days=transition.get("TransitionInDays"),
                    Date=transition.get("TransitionDate"),
                    StorageClass=transition["StorageClass"],
                )
        if (
            "ExpirationInDays" in rule
            or "ExpirationDate" in rule
            or "ExpiredObjectDeleteMarker" in rule
        ):
            _add(
                SubElement(element, "Expiration"),
                Days=rule.get("ExpirationInDays"),
                Date=rule.get("ExpirationDate"),
                ExpiredObjectDeleteMarker=rule.get("ExpiredObjectDeleteMarker"),
            )
        for transition in rule.get("NoncurrentVersionTransitions") or []:
            _add(
                SubElement(element, "NoncurrentVersionTransition"),
                NoncurrentDays=transition["TransitionInDays"],
                NewerNoncurrentVersions=transition.get("NewerNoncurrentVersions"),
                StorageClass=transition["StorageClass"],
            )
        noncurrent = rule.get("NoncurrentVersionExpiration") or {}
        if noncurrent:
            _add(SubElement(element, "NoncurrentVersionExpiration"), **noncurrent)
        abort = rule.get("AbortIncompleteMultipartUpload") or {}
        if abort:
            _add(SubElement(element, "AbortIncompleteMultipartUpload"), **abort)
    return tostring(root)


def _add_filter(rule_element: Element, rule: Properties) -> None:
    """Add the rule's filter: several conditions must stand in an `And`, a single one must not."""
    tags = rule.get("TagFilters") or []
    conditions = {
        "Prefix": rule.get("Prefix"),
        "ObjectSizeGreaterThan": rule.get("ObjectSizeGreaterThan"),
        "ObjectSizeLessThan": rule.get("ObjectSizeLessThan"),
    }
    count = len(tags) + sum(value is not None for value in conditions.values())
    holder = SubElement(rule_element, "Filter")
    if count > 1:
        holder = SubElement(holder, "And")
    _add(holder, **(conditions if count else {"Prefix": ""}))
    for tag in tags:
        _add(SubElement(holder, "Tag"), Key=tag["Key"], Value=tag["Value"])


def _encryption_xml(configuration: Properties) -> bytes:
    root = Element("ServerSideEncryptionConfiguration")
    for rule in configuration.get("ServerSideEncryptionConfiguration") or []:
        element = SubElement(root, "Rule")
        default = rule.get("ServerSideEncryptionByDefault") or {}
        if default:
            _add(SubElement(element, "ApplyServerSideEncryptionByDefault"), **default)
        _add(element, BucketKeyEnabled=rule.get("BucketKeyEnabled"))
    return tostring(root)


def _add(parent: Element, **children: Any) -> None:
    """Add a text child for each value that is not None; booleans in XML's spelling."""
    for name, value in children.items():
        if value is not None:
            SubElement(parent, name).text = (
                str(value).lower() if isinstance(value, bool) else str(value)
            )
