"""Which operations of AWS the code calls."""

from typing import Any

import pytest


def record(monkeypatch: pytest.MonkeyPatch, client: Any) -> list[str]:
    """Return a list to which this client of boto3 adds each operation that it calls from now on."""
    operations: list[str] = []
    send = client._make_api_call

    def recording(operation: str, arguments: Any) -> Any:
        operations.append(operation)
        return send(operation, arguments)

    monkeypatch.setattr(client, "_make_api_call", recording)
    return operations
