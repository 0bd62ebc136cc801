import re
import subprocess
import sys
from pathlib import Path

import pytest

from photodrop.config import decoder_environment

CODE = """
from photodrop.imaging import huge_pages
huge_pages.reserve()
print(open("/proc/self/smaps").read())
"""


@pytest.mark.skipif(
    not Path("/sys/kernel/mm/transparent_hugepage").exists(), reason="the kernel has no large pages"
)
def test_the_heap_of_a_decoder_has_64_mib_that_are_filled_with_large_pages() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env=decoder_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    reserved = used = 0
    for mapping, flags in re.findall(r"(.*?)VmFlags: (.*?)\n", done.stdout, re.DOTALL):
        if "[heap]" in mapping and "hg" in flags.split():
            reserved += int(re.findall(r"^Size: +(\d+) kB", mapping, re.MULTILINE)[0])
            used += int(re.findall(r"^Rss: +(\d+) kB", mapping, re.MULTILINE)[0])
    assert reserved >= 64 * 1024
    assert used < 8 * 1024, "nothing of it is filled before it is needed"
