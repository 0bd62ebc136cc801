"""`make reconcile`: compare tables, buckets, usage and queues of a stack, and report what differs.

`make reconcile ARGS=--repair` also repairs it. ENV=staging and ENV=local as in `make user`. The
exit code is 1 if there were differences, also if all were repaired, and 2 if not everything could
be compared. docs/operations.md says what is compared.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local import aws_stack
from local.client import Stack
from local.state import ROOT, write_json
from local.terminal import fail, say

FUNCTIONS = ROOT / "functions"
NAMES = (
    "queues", "students", "photos", "usage", "events", "originals", "thumbnails", "multiparts",
)  # fmt: skip
"""What is compared, in this order."""


@dataclass(frozen=True)
class Found:
    """A difference as the command has printed it."""

    kind: str
    subject: str
    detail: str
    outcome: str


def main() -> int:
    """Compare, and repair if that was asked for. Returns the exit code."""
    options = _parser().parse_args()
    try:
        session = aws_stack.session_of(options)
        _make_environment(
            session, _deployed_variables(session, aws_stack.name_of(options)), options
        )
    except (BotoCoreError, ClientError, FileNotFoundError) as error:
        fail(str(error))
        return 2
    return _reconcile(options)


def differences(stack: Stack, *arguments: str) -> list[Found]:
    """Compare a running local stack, and return what differs. `arguments` are the command's own.

    It runs in a process of its own, because the service's code reads its settings only once.
    Raises RuntimeError if not everything could be compared.
    """
    with tempfile.TemporaryDirectory() as folder:
        stack_file = Path(folder) / "stack.json"
        write_json(stack_file, stack.to_json())
        command = [sys.executable, "-m", "local.reconcile", "--environment", aws_stack.LOCAL]
        done = subprocess.run(
            [*command, "--json", *arguments],
            cwd=ROOT,
            env={**os.environ, "PHOTODROP_STACK": str(stack_file)},
            check=False,
            capture_output=True,
            text=True,
        )
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr)
    return [Found(**json.loads(line)) for line in done.stdout.splitlines()]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make reconcile",
        description="Compare tables, buckets, usage and queues, and report what differs.",
    )
    aws_stack.add_arguments(parser)
    parser.add_argument("--repair", action="store_true", help="repair what can be repaired")
    parser.add_argument("--json", action="store_true", help="print each difference as a JSON line")
    parser.add_argument(
        "--only", nargs="+", choices=NAMES, help="compare only these (usage brings photos with it)"
    )
    parser.add_argument(
        "--grace",
        type=float,
        metavar="MINUTES",
        help="what was changed so recently is in flight; by default as long as an upload may take",
    )
    parser.add_argument(
        "--settle",
        type=float,
        metavar="SECONDS",
        default=5,
        help="how long to wait before a suspect is read again (default: 5)",
    )
    parser.add_argument(
        "--erase-after",
        type=float,
        metavar="DAYS",
        default=7,
        help="erase only originals without a record that are older (default: 7)",
    )
    parser.add_argument(
        "--erase-at-most",
        type=int,
        metavar="COUNT",
        default=100,
        help="erase no more originals than this in one run (default: 100)",
    )
    parser.add_argument(
        "--delete-lost-photos",
        action="store_true",
        help="with --repair, delete completed photos whose original is gone",
    )
    parser.add_argument(
        "--cursor",
        type=Path,
        metavar="FILE",
        help="keep the place in this file, and go on there if an earlier run was stopped",
    )
    return parser


def _deployed_variables(session: boto3.Session, stack_name: str) -> dict[str, str]:
    """Return the settings of the deployed functions, which name tables, buckets and queues."""
    found = session.client("cloudformation").describe_stack_resource(
        StackName=stack_name, LogicalResourceId="ExpireUploadsFunction"
    )
    name = found["StackResourceDetail"]["PhysicalResourceId"]
    function = session.client("lambda").get_function_configuration(FunctionName=name)
    return dict(function["Environment"]["Variables"])


def _make_environment(
    session: boto3.Session, variables: dict[str, str], options: argparse.Namespace
) -> None:
    """Let the code of the service run here as its functions do, with one's own credentials."""
    os.environ |= variables
    os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = str(session.region_name)
    # The service's code reports to its log and its metrics. Here, differences are what is reported.
    os.environ |= {"POWERTOOLS_LOG_LEVEL": "CRITICAL", "POWERTOOLS_METRICS_DISABLED": "true"}
    if options.environment == aws_stack.LOCAL:
        key: Any = session.get_credentials()
        os.environ["AWS_ACCESS_KEY_ID"] = key.access_key
        os.environ["AWS_SECRET_ACCESS_KEY"] = key.secret_key
        for other in ("AWS_SESSION_TOKEN", "AWS_PROFILE"):
            os.environ.pop(other, None)
    elif options.profile:
        os.environ["AWS_PROFILE"] = options.profile
    sys.path.insert(0, str(FUNCTIONS))


def _reconcile(options: argparse.Namespace) -> int:
    # These import the service's code, which reads the environment.
    try:
        run: Any = importlib.import_module("local.reconciliation.run")
    except KeyError as error:
        fail(
            f"The deployed functions know no {error}: they are of another version than this "
            "checkout. Use the one that they were deployed from, or deploy this one."
        )
        return 2
    rules_of: Any = importlib.import_module("local.reconciliation.differences").Rules
    uploads: Any = importlib.import_module("photodrop.domain.uploads")
    config: Any = importlib.import_module("photodrop.config")

    longest = config.settings().upload_ttl_seconds + uploads.TRANSFER_SECONDS
    rules = rules_of(
        grace_seconds=longest if options.grace is None else options.grace * 60,
        settle_seconds=options.settle,
        erase_after_seconds=options.erase_after * 24 * 3600,
        deletes_lost_photos=options.delete_lost_photos,
    )
    chosen = [one for one in run.comparisons(rules) if not options.only or one.name in options.only]
    reconciliation = run.Reconciliation(
        rules, _print_json if options.json else _print, options.repair, options.erase_at_most
    )
    try:
        reconciliation.run(chosen, run.Progress.read(options.cursor))
    except KeyboardInterrupt:
        fail("Stopped. " + _how_to_go_on(options))
        return 2
    except (BotoCoreError, ClientError, run.PynamoDBException, run.PhotodropError) as error:
        fail(f"{type(error).__name__}: {error}")
        fail(f"Not everything was compared. {_how_to_go_on(options)}")
        return 2
    if not options.json:
        _summarize(reconciliation)
    return 1 if reconciliation.outcomes else 0


def _print(difference: Any, outcome: str) -> None:
    say(f"  {outcome:<10}{difference.kind:<24}{difference.subject}")
    say(f"            {difference.detail}")


def _print_json(difference: Any, outcome: str) -> None:
    found = Found(difference.kind, difference.subject, difference.detail, outcome)
    say(json.dumps(vars(found)))


def _summarize(reconciliation: Any) -> None:
    compared = ", ".join(f"{count} {name}" for name, count in reconciliation.compared.items())
    say(f"\n  Compared {compared}.")
    if not reconciliation.outcomes:
        say("  No differences.")
        return
    counts = ", ".join(f"{count} {name}" for name, count in reconciliation.outcomes.items())
    say(f"  Differences: {counts}.")
    if not reconciliation.repairs:
        say("  Nothing was changed. Add ARGS=--repair to repair what can be repaired.")


def _how_to_go_on(options: argparse.Namespace) -> str:
    if options.cursor:
        return f"The next run with --cursor {options.cursor} goes on from there."
    return "With --cursor FILE the next run can go on from there."


if __name__ == "__main__":
    sys.exit(main())
