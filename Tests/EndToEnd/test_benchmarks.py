"""The commands that measure work: very short forms of them, whose figures mean nothing but have to be sane."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from processes import BINARIES, ROOT

COMMAND = [sys.executable, str(ROOT / "Tests" / "Benchmarks" / "intake")]


@pytest.fixture
def folder():
    # Short: the sockets in it have to fit into 103 bytes.
    with tempfile.TemporaryDirectory(prefix="sc-") as folder:
        yield Path(folder)


def test_the_benchmark_measures_everything_and_leaves_nothing_behind(tmp_path, folder):
    report = tmp_path / "report.json"
    # No peer that would have to be installed.
    options = ["--peers", "sink", "--runs", "1", "--seconds", "0.4", "--events", "1000", "--large-body", "20000"]
    options += ["--deliveries", "400", "--binary", BINARIES / "scale-callbacks", "--folder", folder, "--json", report]
    result = subprocess.run([*COMMAND, *map(str, options)], capture_output=True, text=True, timeout=400)
    assert result.returncode == 0, result.stderr
    assert list(folder.iterdir()) == []
    for text in [result.stdout, report.read_text()]:
        assert str(ROOT) not in text and str(tmp_path) not in text and str(folder) not in text
    print(result.stdout)

    measures = json.loads(report.read_text())["measures"]
    (run,) = measures["accepts"]["runs"]
    loads = [*run["receiver"].values(), run["peers"]["sink"], measures["one-connection"]["runs"][0]["load"]]
    for load in loads:
        assert 0 < load["accepted"] <= load["requests"]
        assert load["accepted"] == load["statuses"]["200"]
        times = load["latency_milliseconds"]
        assert 0 < times["p50"] <= times["p90"] <= times["p99"] <= times["max"]
        assert load["server_processor_seconds"] > 0
    # Whoever answers 200 and stores nothing is told from whoever stores.
    assert run["peers"]["sink"]["stored"] == 0
    assert all(load["stored"] >= load["accepted"] for load in run["receiver"].values())

    (open_loop,) = measures["open-loop"]["runs"]
    schedule = open_loop["load"]["schedule"]
    sent = open_loop["load"]["requests"] + schedule["not_sent"]
    assert 0.8 * 0.4 * schedule["rate"] <= sent <= 2 * 0.4 * schedule["rate"] + 5
    assert open_loop["fdatasync"]["syncs"] >= 100

    stored = measures["stored"]
    assert stored["size"]["events"] == 1000
    assert 100 < stored["size"]["file_per_event"] < 4096
    assert stored["pages"]["first page"]["rows"] == 50
    assert stored["pages"]["one task"]["rows"] == 1
    assert stored["start"]["warm"]["median_seconds"] > 0
    assert all(runs[0]["deliveries_per_second"] > 0 for runs in measures["deliveries"].values())

    (backtest,) = measures["backtest"]
    assert backtest["judged"] == backtest["rules"][9]["applied"] == 352
    assert backtest["events_per_second"] > 0 and backtest["processor_microseconds_each"] > 0

    memory = measures["memory"]
    assert 10e6 < memory["idle"] <= memory["full_load"] < 1e9
    for large in memory["large"].values():
        assert large["answers"]["200"] > 0
        assert large["resident_bytes_most"] >= large["resident_bytes_after"] > 10e6


def test_the_benchmark_says_what_there_is():
    assert "--quick" in subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
    wrong = subprocess.run([*COMMAND, "--only", "speed"], capture_output=True, text=True)
    assert wrong.returncode != 0
    assert "one-connection" in wrong.stderr


@pytest.mark.parametrize("keeps", [False, True])
def test_deliveries_leave_their_files_only_when_told_to(folder, keeps):
    command = [BINARIES / "scale-callbacks", "bench", "deliveries", "--count", "20", "--handler", "file", "--folder", folder]
    result = subprocess.run([*map(str, command), *["--keep"] * keeps], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    files = list(folder.rglob("*.json"))
    assert len(files) == (20 if keeps else 0)
    assert all(json.loads(file.read_text()) for file in files)
    assert keeps or list(folder.iterdir()) == []
