"""The handler `command`: programs that are run for each event, workers that go on running, and what a stop does to both."""

import json
import os
import pathlib
import time

from processes import wait_until

SERVICE = """
listen: { address: 127.0.0.1:$PORT }
console: { address: 127.0.0.1:$CONSOLE }
accounts: [{ name: live, callback-auth-keys: [live_auth_simulator], api-key: "${SCALE_API_KEY}" }]
lease: 2s
drain: 1s
handlers:
"""
ENVIRONMENT = {"SCALE_API_KEY": "live_secret_4711", "SCALE_OTHER_KEY": "other_secret_4711", "WANTED": "wanted"}
WORKER = """
import json, os, sys, time
open("started", "a").write(f"{os.getpid()}\\n")
for line in sys.stdin:
    event = json.loads(line)
    said = event["callback"].get("say", "completed")
    if said == "hang":
        if not os.path.exists("hung"):
            open("hung", "w").write("x")
            time.sleep(600)
        said = "completed"
    if said == "die" and not os.path.exists("died"):
        open("died", "w").write("x")
        os._exit(3)
    print(f"event {event['id']}", file=sys.stderr, flush=True)
    print(json.dumps({"id": event["id"], "outcome": said if said != "die" else "completed", "summary": event["task_id"]}), flush=True)
open("ended", "a").write(f"{os.getpid()}\\n")
"""


def callback(task, **more):
    return json.dumps({"task_id": task, "task": {"task_id": task, "status": "completed"}, **more}).encode()


def settled(running, count):
    """The deliveries by task, once so many are not pending."""
    def rows():
        rows = running.rows("deliveries", "list", "--all")
        return rows if len([row for row in rows if row["state"] != "pending"]) >= count else None

    return {row["task_id"]: row for row in wait_until(rows, "the deliveries")}


def is_alive(process):
    try:
        return ") Z" not in pathlib.Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False


def lines(path):
    return path.read_text().split("\n")[:-1] if path.exists() else []


def test_a_program_is_run_for_each_event(receiver, tmp_path):
    script = tmp_path / "handle.sh"
    script.write_text(
        "#!/bin/sh\ncat > \"in-$SCALE_CALLBACKS_TASK_ID\"; env > env\n"
        "code=$(sed 's/.*\"code\": *\\([0-9]*\\).*/\\1/' \"in-$SCALE_CALLBACKS_TASK_ID\")\necho \"said $code\"; exit $code\n"
    )
    script.chmod(0o700)
    running = receiver(
        SERVICE + "  - { name: run, retries: { first-delay: 50ms, attempts: 2 }, "
        "command: { run: [./handle.sh, a b], environment: [WANTED] } }",
        ENVIRONMENT,
    )
    expected = {0: ("completed", None), 65: ("dead", "refused"), 75: ("dead", "unavailable"), 1: ("dead", "fault")}
    for code in expected:
        assert running.post(callback(f"t{code}", code=code)) == 200
    rows = settled(running, len(expected))
    for code, outcome in expected.items():
        row = rows[f"t{code}"]
        assert (row["state"], row["failure_class"]) == outcome
        assert f"said {code}" in row["summary"]
        assert row["attempts"] == (2 if code in (75, 1) else 1)
        document = json.loads((tmp_path / f"in-t{code}").read_text())
        assert document["callback"] == json.loads(callback(f"t{code}", code=code))
        assert (document["account"], document["handler"], document["attempt"]) == ("live", "run", row["attempts"])
    environment = (tmp_path / "env").read_text()
    assert "WANTED=wanted" in environment and "SCALE_CALLBACKS_KIND=completed" in environment
    assert "4711" not in environment and "SCALE_API_KEY" not in environment
    # 78 holds, as a wrong key at Scale does.
    assert running.post(callback("t78", code=78)) == 200
    held = wait_until(lambda: [row for row in running.rows("handlers", "list") if row["held_at"]], "the hold")
    assert held[0]["held_reason"] == "exit code 78: said 78"


def test_time_is_limited_and_nothing_is_left_behind(receiver, tmp_path):
    running = receiver(
        SERVICE + "  - { name: slow, timeout: 1s, retries: { first-delay: 10ms, attempts: 2 }, "
        "command: { run: [sh, -c, 'sleep 600 & echo $! >> children; trap \"\" TERM; yes'] } }",
        ENVIRONMENT,
    )
    assert running.post(callback("t1")) == 200
    row = settled(running, 1)["t1"]
    assert (row["state"], row["failure_class"], row["attempts"]) == ("dead", "unavailable", 2)
    assert row["summary"].startswith("No end within 1")
    children = lines(tmp_path / "children")
    assert len(children) == 2
    wait_until(lambda: not any(map(is_alive, children)), "the end of the children", 10)


def test_a_stop_interrupts_a_program_and_the_next_start_runs_it_again(receiver, tmp_path):
    text = SERVICE + (
        "  - { name: slow, command: { run: [sh, -c, 'echo $$ >> own; [ -e quick ] || sleep 600; echo done'] } }"
    )
    running = receiver(text, ENVIRONMENT)
    assert running.post(callback("t1")) == 200
    own = wait_until(lambda: lines(tmp_path / "own"), "the program", 30)
    began = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - began < 15
    wait_until(lambda: not is_alive(own[0]), "the end of the program", 10)
    (tmp_path / "quick").touch()
    running = receiver(text, ENVIRONMENT)
    row = settled(running, 1)["t1"]
    # The interrupted attempt has a number and does not count.
    assert (row["state"], row["summary"], row["attempts"], row["failures"]) == ("completed", "done", 2, 0)


def worker(receiver, tmp_path, options="concurrency: 1, retries: { first-delay: 50ms, attempts: 5 }"):
    (tmp_path / "worker.py").write_text(WORKER)
    return receiver(SERVICE + f"  - {{ name: work, {options}, command: {{ worker: [python3, worker.py] }} }}", ENVIRONMENT)


def test_a_worker_answers_many_events_and_ends_with_the_service(receiver, tmp_path):
    running = worker(receiver, tmp_path)
    outcomes = ["completed", "stale", "dead"]
    for number in range(60):
        assert running.post(callback(f"t{number}", say=outcomes[number % 3])) == 200
    rows = settled(running, 60)
    for number in range(60):
        row = rows[f"t{number}"]
        assert row["outcome"] == outcomes[number % 3] and row["summary"] == f"t{number}"
    started = lines(tmp_path / "started")
    assert len(started) == 1
    assert running.stop() == 0
    # It saw the end of its input and had the time to leave by itself.
    assert lines(tmp_path / "ended") == started
    assert "line=event 60" in running.program.log_text() or 'line="event 60"' in running.program.log_text()
    print("60 events by one worker")


def test_a_worker_that_dies_or_hangs_is_replaced(receiver, tmp_path):
    running = worker(
        receiver, tmp_path, "concurrency: 2, timeout: 2s, retries: { first-delay: 50ms, attempts: 5 }"
    )
    for task, say in (("t1", "die"), ("t2", "completed"), ("t3", "hang"), ("t4", "completed")):
        assert running.post(callback(task, say=say)) == 200
    rows = settled(running, 4)
    assert {row["state"] for row in rows.values()} == {"completed"}
    assert (rows["t1"]["failures"], rows["t2"]["failures"], rows["t3"]["failures"]) == (1, 0, 1)
    started = lines(tmp_path / "started")
    assert 3 <= len(started) <= 4
    assert running.stop() == 0
    assert not any(map(is_alive, started))


def test_a_worker_ends_when_the_service_is_killed(receiver, tmp_path):
    running = worker(receiver, tmp_path)
    assert running.post(callback("t1")) == 200
    settled(running, 1)
    running.kill()
    wait_until(lambda: lines(tmp_path / "ended") == lines(tmp_path / "started"), "the end of the worker", 30)


def test_many_programs_leave_no_descriptor_and_no_zombie(receiver, tmp_path):
    running = receiver(
        SERVICE + "  - { name: run, concurrency: 8, command: { run: [sh, -c, 'cat > /dev/null; echo x >&2'] } }", ENVIRONMENT
    )
    process = running.program.process.pid

    def descriptors():
        return len(os.listdir(f"/proc/{process}/fd"))

    for number in range(20):
        assert running.post(callback(f"w{number}")) == 200
    settled(running, 20)
    before = descriptors()
    for number in range(200):
        assert running.post(callback(f"t{number}")) == 200
    rows = settled(running, 220)
    assert {row["state"] for row in rows.values()} == {"completed"}
    # Connections of the tests come and go.
    wait_until(lambda: descriptors() <= before + 5, "the descriptors", 30)
    children = pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()
    assert children == []
    print(f"220 programs, {before} descriptors before, {descriptors()} after")
