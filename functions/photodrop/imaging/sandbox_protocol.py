"""What `sandbox` and `sandbox_process` agree on. It imports little, so that both start fast."""

import struct

STATUS = struct.Struct("=idq")
"""How a child ended: its exit code (a signal is negative), seconds of CPU, and peak memory in KiB
(on macOS: bytes)."""

EXIT_INTERNAL_ERROR = 70
"""The exit code of a child that failed, but not because of its file (EX_SOFTWARE of sysexits.h)."""

MAX_REQUEST_BYTES = 256
"""The longest message that asks for a child."""
