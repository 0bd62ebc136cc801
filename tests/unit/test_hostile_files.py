"""Some of the files of `make hostile`, on every run of the tests."""

import itertools
import random

from tests.hostile import crafted, crafted_videos
from tests.hostile.damaged import damaged
from tests.hostile.files import HostileFile
from tests.hostile.limits import LIMITS
from tests.hostile.run import run

SEED = 1

ONCE_A_DEFECT = {
    "1,999 pages that overlap",
    "150,000 places of nothing",
    "1 x 49999",
}
"""Names of files that were not processed rightly before."""


def chosen() -> list[HostileFile]:
    """Return what was a defect once, and a fixed choice of all the rest."""
    made = [file for file in (*crafted.files(), *crafted_videos.files()) if not file.is_slow]
    known = [file for file in made if file.name in ONCE_A_DEFECT]
    by_kind = {file.kind: [other for other in made if other.kind == file.kind] for file in made}
    chance = random.Random(SEED)
    some = [file for kind in by_kind.values() for file in chance.sample(kind, min(3, len(kind)))]
    tiles = (file for file in damaged(SEED) if "tiled-heic-truncated" in file.name)
    return [*known, *some, *itertools.islice(tiles, 2), *itertools.islice(damaged(SEED), 40)]


def test_hostile_files_end_rightly_within_the_limits_of_the_functions() -> None:
    files = chosen()
    report = run(files, seed=SEED)
    assert report.faults == []
    assert report.files == len(files) > 80
    assert set(report.most) == set(LIMITS)
    ends = {end for counts in report.ends.values() for end in counts}
    assert ends >= {"completed", "CorruptImage", "CorruptVideo", "UnsupportedContent"}
