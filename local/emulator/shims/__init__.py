"""Changes to ministack 1.5.33, one module per gap.

`as_on_aws` mends what ministack does otherwise than AWS. `for_one_machine` adds what a stack on one
machine needs. Every shim's docstring names its gap, and tests/local/test_emulator_shims.py holds a
test that passes with the shim and fails without it. When a newer ministack closes a gap, that test
says so and the shim goes.
"""

from __future__ import annotations

import importlib
import logging
import os

from local.emulator.settings import WITHOUT_SHIMS

_MODULES = (
    "as_on_aws.verified_callers",
    "as_on_aws.signature_v4_only",
    "for_one_machine.function_credentials",
    "as_on_aws.api_any_method",
    "as_on_aws.api_cors",
    "as_on_aws.api_gateway_responses",
    "as_on_aws.api_id_token_only",
    "as_on_aws.api_request_validation",
    "for_one_machine.api_stable_id",
    "as_on_aws.api_bad_gateway",
    "as_on_aws.bucket_lifecycle",
    "as_on_aws.cloudfront_key_groups",
    "as_on_aws.cognito_closed_sign_up",
    "as_on_aws.queue_reader_role",
    "as_on_aws.table_recovery",
    "for_one_machine.objects_on_disk",
    "for_one_machine.s3_uploads_persist",
    "as_on_aws.s3_missing_objects",
    "as_on_aws.s3_signed_headers",
    "as_on_aws.s3_versioned_get",
    "as_on_aws.s3_versioned_restore",
    "for_one_machine.sessions_persist",
    "for_one_machine.state_saved_often",
    "as_on_aws.temporary_passwords",
    "as_on_aws.queue_concurrency",
    "for_one_machine.queue_urls",
    "for_one_machine.plain_http",
    "as_on_aws.function_environment",
    "for_one_machine.layer_cache",
    "for_one_machine.workers_finish",
    "for_one_machine.runtime_isolation",
    "for_one_machine.browser_faults",
    "for_one_machine.request_gate",
)
"""In the order they are applied: hooks on an API import run in this order too. The gate comes last,
so that it stands before all of it."""

NAMES = tuple(module.partition(".")[2] for module in _MODULES)
"""What each shim is called where one is left out."""

_log = logging.getLogger("photodrop.shims")


def apply() -> None:
    """Apply every shim but those named in PHOTODROP_WITHOUT_SHIMS. Raises ValueError on others."""
    left_out = {name for name in os.environ.get(WITHOUT_SHIMS, "").split(",") if name}
    if unknown := left_out - set(NAMES):
        raise ValueError(f"{WITHOUT_SHIMS} names no shim: {', '.join(sorted(unknown))}")
    applied = [module for module in _MODULES if module.partition(".")[2] not in left_out]
    for module in applied:
        importlib.import_module(f"{__name__}.{module}").apply()
    _log.info("Shims applied: %s", ", ".join(applied))
