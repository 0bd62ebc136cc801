"""Gap: a queue's MaximumConcurrency that a parameter gives stays text, which stops the poller.

CloudFormation hands parameters over as text, and AWS makes the number of it. The poller compares it
with a number, fails, and takes no message of any queue from then on.
"""

from __future__ import annotations

from local.emulator.provisioning import Properties, before_provisioning


def apply() -> None:
    """Make it the number that the poller compares with."""
    before_provisioning("AWS::Lambda::EventSourceMapping", _with_number)


def _with_number(properties: Properties) -> Properties:
    scaling = properties.get("ScalingConfig")
    if not scaling or "MaximumConcurrency" not in scaling:
        return properties
    number = int(scaling["MaximumConcurrency"])
    return {**properties, "ScalingConfig": {**scaling, "MaximumConcurrency": number}}
