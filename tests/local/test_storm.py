"""A small storm on every run of the tests; `make storm` has a large one."""

from pathlib import Path

from tests.storm.run import run


def test_of_a_storm_with_faults_and_a_restart_nothing_is_lost(tmp_path: Path) -> None:
    report = run(tmp_path, uploads=30, clients=4, seed=7)
    assert len(report.completed_after) > 15
    assert sum(report.faults.values()) > 10
