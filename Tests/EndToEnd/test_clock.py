"""A wall clock that jumps back and forth while the service runs: callbacks go on, and deliveries happen once.

JUMPS=50 jumps as often.
"""

import calendar
import itertools
import mmap
import os
import pathlib
import random
import shutil
import struct
import subprocess
import time

import pytest
import scaleapi

from faults import Flood, judge
from processes import wait_until

# libfaketime would move timers as well, which no kernel does.
COMPILER = shutil.which("clang") or shutil.which("cc")
JUMPS = int(os.environ.get("JUMPS", "8"))
# A lease of 3 s and calls that take 4: each has to be renewed, whatever the clock says.
CONFIGURATION = """
listen: { address: 127.0.0.1:$PORT }
console: { address: 127.0.0.1:$CONSOLE }
lease: 3s
accounts:
  - { name: live, callback-auth-keys: [live_auth_simulator], api-key: live_simulator, url: $SIMULATOR }
handlers:
  - { name: mark, concurrency: 16, match: { event: completed, type: imageannotation }, tags: { add: [seen] } }
  - { name: dump, file: { path: "dump/{task_id}-{event_id}.json" } }
"""


class WallClock:
    """What the programs that are started with `environment` take for the time of day."""

    def __init__(self, folder):
        library, path = folder / "wall_clock.so", folder / "wall_clock"
        source = pathlib.Path(__file__).with_name("wall_clock.c")
        subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", str(library), str(source)], check=True)
        path.write_bytes(struct.pack("q", 0))
        with open(path, "r+b") as file:
            self.seconds = mmap.mmap(file.fileno(), 8)
        self.environment = {"LD_PRELOAD": str(library), "WALL_CLOCK": str(path)}

    def set(self, seconds):
        """So much later than it is."""
        self.seconds[:] = struct.pack("q", seconds)


@pytest.mark.skipif(COMPILER is None, reason="a C compiler is missing")
def test_nothing_is_lost_or_done_twice_while_the_clock_jumps(simulator, receiver, tmp_path):
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    chance = random.Random(seed)
    clock = WallClock(tmp_path)
    scale = simulator("--fault-share", 0, "--slow-seconds", 4)
    running = receiver(CONFIGURATION.replace("$SIMULATOR", scale.url), clock.environment)
    # Commands look at the same files by the true clock.
    running.environment = {}
    client = scaleapi.ScaleClient("live_simulator", api_instance_url=scale.url)
    tasks = [
        client.create_task(
            scaleapi.TaskType.ImageAnnotation, callback_url=running.url, attachment="https://assets.example.com/quay.jpg",
            geometries={"box": {"objects_to_annotate": ["truck"], "min_width": 8, "min_height": 8}},
        ).id
        for _ in range(20)
    ]
    # From now on every second call of Scale takes longer than a lease.
    scale.turn(slow_answer_share=0.5)
    flood = Flood(running, (f"t{number}" for number in itertools.count()), threads=1)
    jumps = [0]
    for number in range(JUMPS):
        count = len(flood.answers)
        wait_until(lambda: len(flood.answers) > count + 10, "callbacks")
        # Forward every lease would run out, back nothing would be due for long.
        jumps.append(jumps[-1] + chance.choice([-1, 1]) * chance.choice([60, 3600, 86_400]))
        clock.set(jumps[-1])
        time.sleep(0.7)
    answers = flood.stop()
    assert answers.counts() == {200: len(answers)}
    # The last jump goes back, and what is due must not wait until that hour has passed.
    jumps.append(jumps[-1] - 7200)
    clock.set(jumps[-1])
    begin = time.monotonic()
    wait_until(lambda: len(running.events()) >= len(answers) + len(tasks), "all callbacks", 30)
    wait_until(lambda: not running.rows("deliveries", "list", "--state", "pending"), "all deliveries", 40)
    waited = time.monotonic() - begin
    marked = [path for method, path, _ in scale.requests() if path.endswith("/tags")]
    calls = {task: sum(task in path for path in marked) for task in tasks}
    attempts = [row["attempts"] for row in running.rows("deliveries", "list", "--all")]
    received = [calendar.timegm(time.strptime(event["received_at"][:19], "%Y-%m-%dT%H:%M:%S")) for event in running.events()]
    offsets = {min(range(len(jumps)), key=lambda place: abs(jumps[place] + time.time() - at)) for at in received}
    judge(
        running, answers.acknowledged | set(tasks),
        f"seed {seed}, {len(jumps) - 1} jumps of up to a day, deliveries {len(attempts)}, more than one attempt "
        f"{sum(count > 1 for count in attempts)}, calls of Scale a task {sorted(set(calls.values()))}, all done {waited:.1f} s "
        f"after the last jump",
    )
    assert set(calls.values()) == {1}
    assert set(attempts) == {1}
    assert not running.rows("deliveries", "list", "--state", "dead")
    # received_at is what the wall clock said.
    assert len(offsets) > 2 and max(received) - min(received) > 3000
    assert running.stop() == 0
