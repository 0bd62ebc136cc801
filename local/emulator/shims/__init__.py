"""What ministack 1.5.33 does otherwise than AWS, and Photodrop needs: one module per gap.

Every shim's docstring names its gap, and tests/local/test_emulator_shims.py holds a test that
passes with the shim and fails without it. When a newer ministack closes a gap, that test says so
and the shim goes.
"""

from __future__ import annotations

import importlib
import logging
import os

from local.emulator.settings import WITHOUT_SHIMS

NAMES = (
    "verified_callers",
    "signature_v4_only",
    "function_credentials",
    "api_any_method",
    "api_cors",
    "api_gateway_responses",
    "api_id_token_only",
    "api_request_validation",
    "api_stable_id",
    "api_bad_gateway",
    "bucket_lifecycle",
    "cognito_closed_sign_up",
    "table_recovery",
    "objects_on_disk",
    "s3_uploads_persist",
    "s3_signed_headers",
    "s3_versioned_get",
    "s3_versioned_restore",
    "sessions_persist",
    "state_saved_often",
    "temporary_passwords",
    "queue_concurrency",
    "queue_urls",
    "alarm_metric_math",
    "plain_http",
    "function_environment",
    "layer_cache",
    "workers_finish",
    "runtime_isolation",
    "browser_faults",
    "request_gate",
)
"""In the order they are applied: hooks on an API import run in this order too. The gate comes last,
so that it stands before all of it."""

_log = logging.getLogger("photodrop.shims")


def apply() -> None:
    """Apply every shim but those named in PHOTODROP_WITHOUT_SHIMS. Raises ValueError on others."""
    left_out = {name for name in os.environ.get(WITHOUT_SHIMS, "").split(",") if name}
    if unknown := left_out - set(NAMES):
        raise ValueError(f"{WITHOUT_SHIMS} names no shim: {', '.join(sorted(unknown))}")
    applied = [name for name in NAMES if name not in left_out]
    for name in applied:
        importlib.import_module(f"{__name__}.{name}").apply()
    _log.info("Shims applied: %s", ", ".join(applied))
