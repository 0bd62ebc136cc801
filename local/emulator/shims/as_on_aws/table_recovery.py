"""Gap: a table's TimeToLive and PointInTimeRecovery specifications are dropped from a template.

Without the first, items that should expire never do, and nobody notices a misspelt attribute.
"""

from __future__ import annotations

from ministack.services import dynamodb

from local.emulator.provisioning import Properties, after_provisioning


def apply() -> None:
    """Store both once the table is there."""
    after_provisioning("AWS::DynamoDB::Table", _store_specifications)


def _store_specifications(table: str, properties: Properties) -> None:
    time_to_live = properties.get("TimeToLiveSpecification")
    if time_to_live:
        response = dynamodb._update_ttl(
            {"TableName": table, "TimeToLiveSpecification": time_to_live}
        )
        if response[0] >= 400:
            raise ValueError(f"TimeToLiveSpecification of {table} refused: {response[2]!r}")
    else:
        dynamodb._ttl_settings.pop(table, None)
    recovery = properties.get("PointInTimeRecoverySpecification") or {}
    dynamodb._update_continuous_backups(
        {"TableName": table, "PointInTimeRecoverySpecification": recovery}
    )
