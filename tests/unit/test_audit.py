"""What `make audit` makes of the answers of pip-audit and npm."""

import json

from local.audit import Audit, read_npm_audit, read_pip_audit


def test_a_vulnerable_package_is_named_with_its_advisory() -> None:
    output = json.dumps(
        {
            "dependencies": [
                {"name": "pillow", "version": "1.0", "vulns": [{"id": "PYSEC-1"}]},
                {"name": "six", "version": "1.17.0", "vulns": []},
            ]
        }
    )
    audit = read_pip_audit("dev.txt", output, "")
    assert audit == Audit("dev.txt", 2, ("pillow 1.0: PYSEC-1",))
    assert "PYSEC-1" in str(audit)


def test_packages_that_pypi_does_not_know_are_not_called_safe() -> None:
    output = json.dumps({"dependencies": [{"name": "six", "skip_reason": "not found on PyPI"}]})
    audit = read_pip_audit("dev.txt", output, "")
    assert audit.unanswered
    assert "not audited" in str(audit)


def test_a_registry_that_does_not_answer_is_no_vulnerability() -> None:
    refused = json.dumps({"message": "405 Method Not Allowed", "error": {"summary": ""}})
    for audit in (
        read_npm_audit("package-lock.json", refused, ""),
        read_npm_audit("package-lock.json", "", "npm error audit endpoint returned an error"),
        read_pip_audit("dev.txt", "", "ConnectionError: no route to host"),
    ):
        assert audit.unanswered
        assert not audit.vulnerable
    assert "405" in str(read_npm_audit("package-lock.json", refused, ""))


def test_a_vulnerable_package_of_npm_is_named_with_its_severity() -> None:
    output = json.dumps(
        {
            "vulnerabilities": {"vite": {"name": "vite", "severity": "high"}},
            "metadata": {"dependencies": {"total": 300}},
        }
    )
    audit = read_npm_audit("package-lock.json", output, "")
    assert audit == Audit("package-lock.json", 300, ("vite: high",))
