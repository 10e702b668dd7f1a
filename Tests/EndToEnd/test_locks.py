"""Others at the store: a database tool that locks it, a second service, a reader that never ends.

LOG_MEGABYTES=170 lets the log grow so long that the service warns.
"""

import itertools
import os
import sqlite3
import subprocess
import time

import faults
from faults import Flood, get, judge, post
from processes import BINARIES, wait_until

LOG_MEGABYTES = int(os.environ.get("LOG_MEGABYTES", "8"))


def other(folder, statement):
    """Another program's connection to the store, in the middle of a transaction."""
    connection = sqlite3.connect(folder / "scale-callbacks.db", isolation_level=None, check_same_thread=False)
    connection.execute(statement)
    return connection


def second(running):
    """Starts one more service on the same store, which must end by itself: its code, what it said, and how long it took."""
    begin = time.monotonic()
    result = subprocess.run(
        [str(BINARIES / "scale-callbacks"), "serve", *running.options(), "--log-level", "critical"],
        cwd=running.folder, env={"PATH": os.environ["PATH"]}, capture_output=True, timeout=60,
    )
    return result.returncode, result.stderr.decode(), time.monotonic() - begin


def test_a_database_locked_by_another_program(receiver, tmp_path):
    running = receiver(faults.SERVICE)
    before = Flood(running, [f"before{number}" for number in range(20)]).end()
    lock = other(tmp_path, "BEGIN IMMEDIATE")
    flood = Flood(running, [f"locked{number}" for number in range(16)], threads=16)
    assert max(get(running.port, "/healthz")[1] for _ in range(20)) < 1
    locked = flood.end()
    assert locked.counts() == {503: 16}
    # Two batches at most, of two seconds each.
    assert locked.slowest < 8
    assert "Another program has locked the store" in running.program.log_text()
    lock.execute("ROLLBACK")
    begin = time.monotonic()
    assert post(running, "released") == 200
    seconds = time.monotonic() - begin
    after = Flood(running, locked).end()
    assert after.counts() == {200: 16}
    judge(
        running, before.acknowledged | after.acknowledged | {"released"},
        f"locked while it served: {locked.counts()}, slowest refusal {locked.slowest:.1f} s, taken again after {seconds:.2f} s",
    )

    # Locked at the start.
    assert running.stop() == 0
    lock.execute("BEGIN EXCLUSIVE")
    code, said, seconds = second(running)
    assert code == 69 and "Another program has locked the store" in said and "scale-callbacks.db" in said, said
    assert said.count("\n") == 1 and seconds < 8
    lock.execute("ROLLBACK")
    lock.close()
    running.start()
    assert post(running, "started") == 200


def test_a_second_service_is_refused_and_may_take_over(receiver, tmp_path):
    running = receiver(faults.SERVICE)
    flood = Flood(running, (f"t{number}" for number in itertools.count()), threads=4)
    for _ in range(3):
        code, said, seconds = second(running)
        assert code == 69 and "is open in another process" in said and said.count("\n") == 1, said
        assert seconds < 5
    count = len(flood.answers.acknowledged)
    wait_until(lambda: len(flood.answers.acknowledged) > count + 20, "callbacks after the second service")
    answers = flood.stop()
    assert answers.counts() == {200: len(answers)}, "the first was disturbed"
    running.kill()
    begin = time.monotonic()
    running.start()
    took_over = time.monotonic() - begin
    assert post(running, "taken-over") == 200
    judge(running, answers.acknowledged | {"taken-over"}, f"second service refused 3 times, took over in {took_over:.2f} s")
    assert running.stop() == 0


def test_a_reader_that_stays_is_shown_and_forgotten(receiver, tmp_path):
    running = receiver(faults.SERVICE)
    log = tmp_path / "scale-callbacks.db-wal"

    def sizes():
        rows = {row["what"]: row["value"] for row in running.rows("store", "size")}
        return rows["write_ahead_log"], rows["write_ahead_log_left"]

    post(running, "first", 100_000)
    reader = other(tmp_path, "BEGIN")
    assert reader.execute("SELECT count(*) FROM event").fetchone() == (1,)
    answers = Flood(running, [f"t{number}" for number in range(LOG_MEGABYTES * 3 // 2)], 1_000_000).end()
    assert answers.counts() == {200: len(answers)}
    held, left = sizes()
    assert held > LOG_MEGABYTES << 20 and left * 4096 > (LOG_MEGABYTES - 5) << 20
    warned = "The write-ahead log cannot be emptied" in running.program.log_text()
    # Four times what it is usually copied after.
    assert warned == (left > 4 * 8000 + 8000) or 4 * 8000 <= left <= 5 * 8000

    # A service that stops does not wait for it for ever, and does not fail because of it.
    begin = time.monotonic()
    assert running.stop() == 0
    stopped = time.monotonic() - begin
    reader.execute("ROLLBACK")
    reader.close()
    running.start()
    assert sizes() == (0, 0) or sizes()[1] < 100
    judge(
        running, answers.acknowledged,
        f"a reader that stays: log of {held >> 20} MB, {left} pages left, warned {warned}, stop took {stopped:.1f} s, "
        f"after the next start {log.stat().st_size} bytes",
    )
    assert running.stop() == 0
