"""Gap: a number among a function's environment variables stays one, and no worker can be started.

CloudFormation hands Lambda strings whatever the template's YAML says.
"""

from __future__ import annotations

from local.emulator.provisioning import Properties, before_provisioning


def apply() -> None:
    """Make every variable text before a function is created or updated."""
    before_provisioning("AWS::Lambda::Function", _with_text_variables)


def _with_text_variables(properties: Properties) -> Properties:
    environment = properties.get("Environment") or {}
    variables = environment.get("Variables") or {}
    as_text = {name: _text(value) for name, value in variables.items()}
    return (
        {**properties, "Environment": {**environment, "Variables": as_text}}
        if variables
        else properties
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
