"""The command line of the real program: what it keeps, shows and changes, with the service running, stopped and killed."""

import base64
import hashlib
import json
import os
import shlex
import signal
import socket
import sqlite3
import subprocess
import urllib.request

import pytest

from processes import BINARIES, LIVE_AUTH_KEY, ROOT, TEST_AUTH_KEY, wait_until

ACCOUNTS = """
listen: { address: 127.0.0.1:$PORT }
console: { address: 127.0.0.1:$CONSOLE }
accounts:
  - { name: live, callback-auth-keys: [live_auth_simulator] }
  - { name: test, callback-auth-keys: [test_auth_simulator] }
"""
ARCHIVE = ACCOUNTS + """
handlers:
  - name: archive
    match: { event: [completed, audit] }
    file: { path: "dump/{event_id}.json" }
"""
FOLDER = ROOT / "Tests" / "CallbacksTests" / "Examples"
# The same verdict of the same customer as 41, in the form of an older version: a repeat.
REPEAT = FOLDER / "42-audit-rejected-comments-as-string.json"
EXAMPLES = sorted(set(FOLDER.glob("*.json")) - {REPEAT})
KINDS = {"0": "completed", "1": "completed", "2": "completed", "3": "error", "4": "audit", "50": "batch", "51": "batch"}
KINDS |= {"33": "unrecognised", "45": "recalled", "46": "canceled"}
HOSTILE = [
    "' OR 1=1 --", "'; DROP TABLE event; --", '"quoted"', "%", "*", "\\", "a\nb\x1b[2J\x07", "\u202e\u2028", "é" * 300,
    "x" * 20_000, "${HOME}", "$(id)", " ",
]


@pytest.fixture(scope="module", autouse=True)
def examples_are_there():
    assert len(EXAMPLES) >= 30


def kind_of(example):
    return KINDS.get(example.name[:2], KINDS.get(example.name[:1]))


def task_of(body):
    return body.get("task_id") or body.get("task", {}).get("task_id")


def settled(running):
    """Waits until nothing is to do any more, and nothing is left to write down."""
    wait_until(lambda: not running.rows("deliveries", "list", "--all", "--state", "pending"), "deliveries settled")


def refused(running, count):
    """Waits until as many refusals are on record."""
    wait_until(lambda: len(running.rows("refused", "--limit", "1000")) == count, f"{count} refusals")


def files(folder):
    """Every file of a folder with its digest and when it was changed."""
    return {
        str(path.relative_to(folder)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_socket()
    }


def looks(events):
    """The arguments of every command that only looks."""
    arguments = [
        ["events", "list"], ["events", "list", "--all"], ["events", "list", "--limit", "3"],
        ["events", "list", "--parked"], ["events", "list", "--kind", "audit", "--account", "live"],
        ["deliveries", "list"], ["deliveries", "list", "--all", "--handler", "archive"],
        ["deliveries", "retry", "--handler", "archive", "--dry-run"], ["handlers", "list"],
        ["refused"], ["refused", "--counts"], ["task", "show", events[0]["task_id"]], ["events", "show", events[-1]["id"]],
    ]
    listed = [
        [*command, "--output", output]
        for command in arguments
        for output in ("table", "json", "jsonl")
        if "--dry-run" not in command
    ]
    return (
        listed + [["deliveries", "retry", "--handler", "archive", "--dry-run"]]
        + [["events", "raw", event["id"]] for event in events] + [["events", "raw", 999_999], ["task", "show", "unknown"]]
    )


def look(running):
    """What every looking command says now."""
    said = {}
    for arguments in looks(running.events()):
        result = running.run(*arguments, check=False)
        said[shlex.join(map(str, arguments))] = (result.returncode, result.stdout, result.stderr)
    return said


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


def command(*arguments, environment=None, folder=None, seconds=120):
    """Runs the program without a configuration of its own."""
    return subprocess.run(
        [str(BINARIES / "scale-callbacks"), *map(str, arguments)],
        cwd=folder, env={"PATH": os.environ["PATH"], **(environment or {})}, capture_output=True, timeout=seconds,
    )


# What is kept


def test_a_callback_auth_key_in_the_environment_is_enough(receiver, tmp_path):
    running = receiver(
        environment={
            "SCALE_CALLBACK_AUTH_KEY": "only-key-4711",
            "SCALE_CALLBACKS_LISTEN": "127.0.0.1:0",
            "SCALE_CALLBACKS_CONSOLE": "127.0.0.1:0",
        }
    )
    body = EXAMPLES[0].read_bytes()
    assert running.post(body, "only-key-4711") == 200
    assert running.post(body, "only-key-4712") == 401
    assert running.post(body, None) == 401
    made = sorted(tmp_path.glob("scale-callbacks.db*"))
    assert tmp_path / "scale-callbacks.db" in made and tmp_path / "scale-callbacks.db-control" in made
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in made} == {path.name: "0o600" for path in made}
    (event,) = running.events()
    assert event["account"] == "default" and event["seen"] == 1
    assert running.run("check").stdout.startswith(b"# from the environment")
    assert b"127.0.0.1:0" in running.run("check").stdout
    assert running.stop() == 0
    assert (tmp_path / "scale-callbacks.db").stat().st_mode & 0o777 == 0o600


def test_every_example_is_kept_byte_for_byte_and_listed_with_its_facts(receiver):
    running = receiver(ARCHIVE)
    posted = []
    for number, example in enumerate(EXAMPLES):
        key, account = (LIVE_AUTH_KEY, "live") if number % 3 else (TEST_AUTH_KEY, "test")
        for _ in range(1 + number % 2):
            assert running.post(example.read_bytes(), key) == 200
        posted.append((example, account, 1 + number % 2))
    settled(running)
    events = running.events()
    assert [event["id"] for event in events] == list(range(1, len(posted) + 1))
    for event, (example, account, seen) in zip(events, posted):
        body = json.loads(example.read_bytes())
        expected = {
            "account": account,
            "task_id": task_of(body),
            "kind": kind_of(example),
            "seen": seen,
            "body_size": example.stat().st_size,
            "body_sha256": hashlib.sha256(example.read_bytes()).hexdigest(),
        }
        assert {key: event[key] for key in expected} == expected, example.name
        assert {"status", "received_at"} <= event.keys()
        assert event["received_at"] <= event["last_seen_at"]
        assert running.run("events", "raw", event["id"]).stdout == example.read_bytes()
        handled = event["kind"] in ("completed", "audit")
        dump = running.folder / "dump" / f"{event['id']}.json"
        assert dump.exists() == handled and event["deliveries"] == int(handled)
        assert not handled or dump.read_bytes() == example.read_bytes()

    # A repeat in other words raises the count of the first, whose bytes stay.
    (place,) = [place for place, (example, _, _) in enumerate(posted) if example.name.startswith("41")]
    assert running.post(REPEAT.read_bytes(), LIVE_AUTH_KEY if place % 3 else TEST_AUTH_KEY) == 200
    again = running.events()
    assert len(again) == len(events) and again[place]["seen"] == events[place]["seen"] + 1
    assert running.run("events", "raw", again[place]["id"]).stdout == posted[place][0].read_bytes()


def test_what_is_asked_for_again_in_another_way_is_still_the_same_bytes(receiver):
    running = receiver(ACCOUNTS)
    bodies = [
        b'  {"task_id" : "a1", "status":"completed", "response": {"text": "\\u00e9 \xc3\xa9", "n": 1.0}}\r\n',
        b'[1, 2, {"no": "task"}]', b'"text"', b"0", b'{"task_id":"a2","task_id":"a3"}',
        b'{"task_id":"big","status":"completed","response":"' + b"x" * 3_000_000 + b'"}',
    ]
    for body in bodies:
        assert running.post(body) == 200
    assert [running.run("events", "raw", number + 1).stdout for number in range(len(bodies))] == bodies
    running.kill()
    assert [running.run("events", "raw", number + 1).stdout for number in range(len(bodies))] == bodies


# Looking


def test_looking_says_the_same_running_stopped_and_killed(receiver):
    running = receiver(ARCHIVE)
    for example in EXAMPLES:
        assert running.post(example.read_bytes()) == 200
    assert running.post(EXAMPLES[3].read_bytes()) == 200
    assert running.post(b"{}", "wrong-key-4711") == 401
    assert running.post(b"{}", None) == 401
    assert running.post(b"{") == 400
    settled(running)
    refused(running, 3)
    first = look(running)
    assert all(code == (2 if "999999" in name or "unknown" in name else 0) for name, (code, _, _) in first.items()), first
    reasons = sorted(row["reason"] for row in running.rows("refused"))
    assert reasons == ["missing-key", "not-json", "wrong-key"]
    assert sorted((row["reason"], row["count"]) for row in running.rows("refused", "--counts")) == [
        ("missing-key", 1), ("not-json", 1), ("wrong-key", 1)
    ]
    assert running.stop() == 0
    assert look(running) == first

    # Killed with the newest of it in the write-ahead log only.
    running.start()
    assert running.post(EXAMPLES[0].read_bytes().replace(b"65c", b"66c")) == 200
    settled(running)
    second = look(running)
    assert second != first
    running.kill()
    assert look(running) == second


def test_looking_changes_nothing(receiver, tmp_path):
    running = receiver(ARCHIVE)
    for example in EXAMPLES:
        assert running.post(example.read_bytes()) == 200
    settled(running)
    assert running.stop() == 0
    before = files(tmp_path)
    look(running)
    after = files(tmp_path)
    # SQLite makes its empty side files to look at a store in this mode.
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) <= {"scale-callbacks.db-wal", "scale-callbacks.db-shm"}
    if "scale-callbacks.db-wal" in after:
        assert (tmp_path / "scale-callbacks.db-wal").stat().st_size == 0

    # After a crash the log is read where it lies.
    running.start()
    assert running.post(b'{"task_id":"in-the-log","status":"completed","response":{}}') == 200
    settled(running)
    running.kill()
    names = ["scale-callbacks.db", "scale-callbacks.db-wal"]
    before = files(tmp_path)
    look(running)
    after = files(tmp_path)
    assert [after[name] for name in names] == [before[name] for name in names]
    assert (tmp_path / "scale-callbacks.db-wal").stat().st_size > 0


def test_json_is_one_document_and_its_pages_walk_through_everything(receiver):
    running = receiver(ARCHIVE)
    for example in EXAMPLES:
        assert running.post(example.read_bytes()) == 200
    for _ in range(5):
        assert running.post(b"{}", None) == 401
    settled(running)
    refused(running, 5)
    walks = {
        ("events", "list"): running.events()[::-1],
        ("deliveries", "list"): running.rows("deliveries", "list", "--all"),
        ("refused",): running.rows("refused"),
    }
    assert len(walks[("deliveries", "list")]) > 20 and len(walks[("refused",)]) == 5
    for arguments, expected in walks.items():
        for limit in (1, 4, len(expected), 10_000):
            rows, after, pages = [], [], 0
            while True:
                output = running.run(*arguments, "--limit", limit, *after, "--output", "json").stdout
                page = json.loads(output)
                assert page.keys() == {"items", "next"} and len(page["items"]) <= limit
                rows += page["items"]
                pages += 1
                if page["next"] is None:
                    break
                after = ["--after", page["next"]]
            assert rows == expected and pages == -(-len(expected) // limit), (arguments, limit)
    assert json.loads(running.run("events", "list", "--task", "none", "--output", "json").stdout) == {
        "items": [], "next": None
    }
    assert json.loads(running.run("events", "list", "--all", "--output", "json").stdout)["items"] == running.events()
    for limit in (0, -1, 10_001, "x"):
        assert running.run("events", "list", f"--limit={limit}", check=False).returncode == 64


def test_filters_select_what_they_name(receiver, tmp_path):
    running = receiver(ARCHIVE)
    for number, example in enumerate(EXAMPLES):
        assert running.post(example.read_bytes(), LIVE_AUTH_KEY if number % 2 else TEST_AUTH_KEY) == 200
    settled(running)
    assert running.stop() == 0
    with sqlite3.connect(tmp_path / "scale-callbacks.db") as database:
        database.execute("UPDATE event SET receivedAt = receivedAt - 2 * 86400000 WHERE id <= 10")
    database.close()
    everything = running.events()

    def check(test, *arguments, least=1):
        expected = [event["id"] for event in everything if test(event)]
        assert len(everything) > len(expected) >= least, arguments
        assert [event["id"] for event in running.rows("events", "list", "--all", *arguments)] == expected, arguments
        newest = running.rows("events", "list", "--limit", 1000, *arguments)
        assert [event["id"] for event in newest] == expected[::-1], arguments

    check(lambda event: event["account"] == "test", "--account", "test", least=10)
    for kind in ("completed", "error", "audit", "recalled", "canceled", "batch", "unrecognised"):
        check(lambda event: event["kind"] == kind, "--kind", kind)
    check(lambda event: event["kind"] in ("audit", "batch"), "--kind", "audit", "--kind", "batch", least=5)
    for key in ("task_id", "project", "batch"):
        for value in {event[key] for event in everything if event[key]}:
            check(lambda event: event[key] == value, f"--{key.removesuffix('_id')}", value)
    check(lambda event: event["id"] > 10, "--since", "24h", least=10)
    check(lambda event: event["deliveries"] == 0, "--parked", least=5)
    check(lambda event: event["kind"] == "audit" and event["account"] == "live", "--kind", "audit", "--account", "live")
    for arguments in (["--kind", "nothing"], ["--since", "yesterday"], ["--since", "-3h"], ["--after", "x"]):
        assert running.run("events", "list", *arguments, check=False).returncode == 64, arguments

    deliveries = running.rows("deliveries", "list", "--all")
    for name, key in (("--event", "event_id"), ("--task", "task_id"), ("--handler", "handler"), ("--state", "state")):
        value = deliveries[0][key]
        expected = [row for row in deliveries if row[key] == value]
        assert running.rows("deliveries", "list", "--all", name, value) == expected


def test_what_does_not_exist_ends_with_2_and_a_line_that_says_so(receiver, tmp_path):
    running = receiver(ARCHIVE)
    assert running.post(EXAMPLES[0].read_bytes()) == 200
    for stopped in (False, True):
        for arguments, what in (
            (["events", "show", 999], "999"), (["events", "raw", 999], "999"), (["task", "show", "nobody"], "nobody"),
            (["handlers", "pause", "nobody"], "nobody"), (["handlers", "resume", "nobody"], "nobody"),
        ):
            result = running.run(*arguments, check=False)
            assert (result.returncode, result.stdout) == (2, b""), arguments
            assert what in result.stderr.decode() and result.stderr.count(b"\n") == 1, result.stderr
        result = running.run("deliveries", "retry", 999, check=False)
        assert (result.returncode, result.stdout) == (2, b"0 deliveries made due.\n")
        if not stopped:
            assert running.stop() == 0
    for arguments in (["events", "list"], ["deliveries", "retry", "1"], ["handlers", "pause", "archive"]):
        result = command(*arguments, "--store", "none.db", folder=tmp_path)
        assert result.returncode == 74 and b"There is no store at none.db" in result.stderr
        assert not list(tmp_path.glob("none.db*"))


def test_hostile_texts_harm_nothing(receiver):
    running = receiver(ARCHIVE)
    for text in HOSTILE:
        body = json.dumps({"task_id": text, "status": text, "project": text, "response": {"n": 1}}).encode()
        assert running.post(body) == 200, text
    assert running.post(EXAMPLES[0].read_bytes()) == 200
    settled(running)
    events = running.events()
    assert len(events) == len(HOSTILE) + 1
    for text in HOSTILE:
        for name in ("--task", "--project", "--batch", "--account"):
            rows = running.rows("events", "list", "--all", f"{name}={text}")
            key = {"--task": "task_id"}.get(name, name.removeprefix("--"))
            assert rows == [event for event in events if event[key] == text], (name, text)
        assert running.rows("deliveries", "list", f"--handler={text}") == []
        running.run("deliveries", "retry", f"--task={text}", "--state", "dead", "--yes", check=False)
        for arguments in (["task", "show", "--", text], ["handlers", "pause", "--", text], ["events", "raw", "--", text]):
            result = running.run(*arguments, check=False)
            assert result.returncode in (0, 2, 64), (arguments, result.stderr)
            for output in (result.stdout, result.stderr):
                shown = output.decode().replace("\n", "")
                assert not any(ord(letter) < 32 or letter in "\x7f\u202e\u2028" for letter in shown), (arguments, shown)
    table = running.run("events", "list").stdout.decode()
    assert table.count("\n") == len(events) + 1 and "\x1b" not in table
    assert running.events() == events
    assert running.stop() == 0


def test_output_that_cannot_be_written_is_told_and_output_that_nobody_wants_is_not(receiver):
    running = receiver(ACCOUNTS)
    assert running.post(EXAMPLES[0].read_bytes()) == 200
    program = shlex.quote(str(BINARIES / "scale-callbacks"))
    for arguments in ("events list", "events list --output json", "events raw 1", "events show 1"):
        full = f"{program} {arguments} --config receiver.yaml > /dev/full"
        result = subprocess.run(["bash", "-c", full], cwd=running.folder, capture_output=True, timeout=60)
        assert (result.returncode, result.stderr) == (74, b"The output cannot be written: No space left on device\n")
        closed = f"{program} {arguments} --config receiver.yaml <&- >&- 2>&-"
        assert subprocess.run(["bash", "-c", closed], cwd=running.folder, timeout=60).returncode == 0


# Changing


def blocked(tmp_path):
    """A file where the handler wants a folder, so that deliveries die and no time mends them."""
    (tmp_path / "dump").write_text("in the way")


def dead(running, count):
    wait_until(lambda: len(running.rows("deliveries", "list", "--all", "--state", "dead")) == count, f"{count} dead letters")


@pytest.mark.parametrize("state", ["running", "stopped", "killed"])
def test_dead_letters_are_counted_and_then_tried_again(receiver, tmp_path, state):
    blocked(tmp_path)
    running = receiver(ARCHIVE)
    for number in range(4):
        assert running.post(json.dumps({"task_id": f"t{number}", "status": "completed", "response": {}}).encode()) == 200
    dead(running, 4)
    letters = running.rows("deliveries", "list", "--all")
    assert {row["failure_class"] for row in letters} == {"fault"} and {row["attempts"] for row in letters} == {1}
    if state == "stopped":
        assert running.stop() == 0
    elif state == "killed":
        running.kill()
        assert (tmp_path / "scale-callbacks.db-control").exists()

    everything = ["deliveries", "retry", "--handler", "archive", "--state", "dead"]
    count = running.run(*everything).stdout
    assert count == b"4 deliveries would be made due. Say --yes to do it.\n"
    assert running.run(*everything, "--dry-run").stdout == b"4 deliveries would be made due.\n"
    assert running.run(*everything, "--dry-run", "--yes").stdout == b"4 deliveries would be made due.\n"
    assert running.run("deliveries", "retry", "--task", "t1").stdout.startswith(b"1 ")
    assert running.run("deliveries", "retry", 1, 2, "--dry-run").stdout == b"2 deliveries would be made due.\n"
    assert running.run("deliveries", "retry", "--state", "completed", "--yes", check=False).returncode == 2
    assert running.run("deliveries", "retry", check=False).returncode == 64
    assert running.rows("deliveries", "list", "--all") == letters

    # While the way is blocked a letter dies again; it has really been tried.
    (first, second) = (letters[0]["id"], letters[1]["id"])
    assert running.run("deliveries", "retry", first).stdout == b"1 deliveries made due.\n"
    if state != "running":
        assert {row["state"] for row in running.rows("deliveries", "list", "--all") if row["id"] == first} == {"pending"}
        running.start()
    dead(running, 4)
    wait_until(
        lambda: {row["id"]: row["attempts"] for row in running.rows("deliveries", "list", "--all")}[first] == 2, "an attempt"
    )
    dead(running, 4)
    (tmp_path / "dump").unlink()
    if state == "stopped":
        assert running.stop() == 0
    elif state == "killed":
        running.kill()
    assert running.run("deliveries", "retry", second).stdout == b"1 deliveries made due.\n"
    assert running.run(*everything, "--yes").stdout == b"3 deliveries made due.\n"
    if state != "running":
        running.start()
    settled(running)
    rows = running.rows("deliveries", "list", "--all")
    assert {row["state"] for row in rows} == {"completed"}
    assert len(list((tmp_path / "dump").iterdir())) == 4
    history = json.loads(running.run("events", "show", rows[0]["event_id"], "--output", "json").stdout)
    assert [entry["outcome"] for entry in history["deliveries"][0]["attempts"]] == ["dead", "dead", "completed"]
    assert running.run(*everything, "--yes", check=False).returncode == 2


def test_a_paused_handler_keeps_its_deliveries_until_it_is_resumed(receiver, tmp_path):
    running = receiver(ARCHIVE)

    def handler():
        (row,) = running.rows("handlers", "list")
        return row

    def post(number):
        assert running.post(json.dumps({"task_id": f"t{number}", "status": "completed", "response": {}}).encode()) == 200

    def dumped():
        return len(list((tmp_path / "dump").glob("*"))) if (tmp_path / "dump").exists() else 0

    running.run("handlers", "pause", "archive", "--reason", "rules under review")
    assert handler()["held_reason"] == "rules under review" and handler()["held_at"]
    assert b"held: rules under review" in running.run("handlers", "list").stdout
    post(1)
    post(2)
    # A stop and a crash change nothing of it.
    assert running.stop() == 0
    running.start()
    running.kill()
    running.start()
    post(3)
    assert handler()["pending"] == 3 and handler()["held_reason"] == "rules under review"
    assert handler()["oldest_due_at"] and dumped() == 0
    assert {row["attempts"] for row in running.rows("deliveries", "list", "--all")} == {0}
    # Nor does a retry begin what is held.
    running.run("deliveries", "retry", "--handler", "archive", "--yes")
    assert handler()["pending"] == 3

    running.run("handlers", "resume", "archive")
    settled(running)
    assert handler()["held_at"] is None and handler()["held_reason"] is None and dumped() == 3

    # The same on a store that no service holds.
    assert running.stop() == 0
    running.run("handlers", "pause", "archive")
    assert handler()["held_reason"] == "paused by an operator"
    running.start()
    post(4)
    running.kill()
    assert handler()["pending"] == 1 and dumped() == 3
    running.run("handlers", "resume", "archive")
    assert handler()["held_reason"] is None
    running.start()
    settled(running)
    assert dumped() == 4


def test_a_service_without_its_control_socket_is_told_from_a_stopped_one(receiver, tmp_path):
    running = receiver(ARCHIVE)
    (tmp_path / "scale-callbacks.db-control").unlink()
    result = running.run("handlers", "pause", "archive", check=False)
    assert result.returncode == 69 and b"scale-callbacks.db-control" in result.stderr
    assert running.stop() == 0


# Posting


def test_samples_and_files_arrive(receiver, tmp_path):
    running = receiver(ACCOUNTS)
    key = {"SCALE_CALLBACK_AUTH_KEY": LIVE_AUTH_KEY}
    samples = {"imageannotation": "completed", "error": "error", "audit": "audit", "batch": "batch"}
    for sample, kind in samples.items():
        result = command("send", "--url", running.url, "--sample", sample, environment=key)
        assert result.returncode == 0 and result.stdout.startswith(b"200 "), result
        event = running.events()[-1]
        assert event["kind"] == kind and event["seen"] == 1
        assert (event["task_id"] or event["batch"]) and (event["task_id"] or event["batch"]).encode()[-24:] in result.stdout
    assert len(running.events()) == len(samples)
    result = command("send", "--url", running.url, "--task-id", "my-own-task", environment=key)
    assert result.returncode == 0 and running.events()[-1]["task_id"] == "my-own-task"

    count = len(running.events())
    for example in EXAMPLES:
        assert command("send", "--url", running.url, "--file", example, environment=key).returncode == 0
    events = running.events()[count:]
    assert [running.run("events", "raw", event["id"]).stdout for event in events] == [
        example.read_bytes() for example in EXAMPLES
    ]
    assert [event["kind"] for event in events] == [kind_of(example) for example in EXAMPLES]

    (tmp_path / "test-key").write_text(TEST_AUTH_KEY + "\n")
    assert command("send", "--url", running.url, "--key-file", tmp_path / "test-key").returncode == 0
    assert running.events()[-1]["account"] == "test"

    count = len(running.events())
    wrong = command("send", "--url", running.url, environment={"SCALE_CALLBACK_AUTH_KEY": "wrong-key-4711"})
    assert wrong.returncode == 1 and wrong.stdout.startswith(b"401 ")
    assert command("send", "--url", running.url).returncode == 1
    nobody = command("send", "--url", f"http://127.0.0.1:{free_port()}/callbacks", environment=key)
    assert nobody.returncode == 69 and b"does not answer" in nobody.stderr and nobody.stdout == b""
    assert command("send", "--url", running.url, "--file", tmp_path / "none", environment=key).returncode == 74
    assert len(running.events()) == count
    assert running.stop() == 0
    assert command("send", "--url", running.url, environment=key).returncode == 69
    assert command("bench", "--url", running.url, "--count", 10, environment=key).returncode == 69


def test_a_bench_stores_what_it_says(receiver):
    running = receiver(ACCOUNTS)
    key = {"SCALE_CALLBACK_AUTH_KEY": LIVE_AUTH_KEY}
    arguments = ["bench", "--url", running.url, "--count", 2000, "--connections", 16, "--output", "json"]
    result = command(*arguments, environment=key)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert (report["requests"], report["accepted"], report["statuses"]) == (2000, 2000, {"200": 2000})
    assert report["failures"] == {} and report["accepted_per_second"] > 0
    events = running.events()
    assert len({event["task_id"] for event in events}) == len(events) == 2000
    assert {event["seen"] for event in events} == {1}

    assert command(*arguments, "--repeated", environment=key).returncode == 0
    events = running.events()
    assert len(events) == 2001 and events[-1]["seen"] == 2000

    # Whoever reads only the beginning is no error, in either direction.
    for listing in ("events list --all", "events list --all --output jsonl", "events list --all --output json"):
        program = shlex.quote(str(BINARIES / "scale-callbacks"))
        pipe = f"{program} {listing} --config receiver.yaml | head -1; echo \"codes ${{PIPESTATUS[@]}}\""
        result = subprocess.run(["bash", "-c", pipe], cwd=running.folder, capture_output=True, timeout=120)
        assert result.stderr == b"" and result.stdout.endswith(b"codes 0 0\n"), result.stderr


def test_a_bench_that_is_refused_fails(receiver):
    running = receiver(ACCOUNTS)
    arguments = ["bench", "--url", running.url, "--count", 20, "--connections", 2, "--output", "json"]
    result = command(*arguments, environment={"SCALE_CALLBACK_AUTH_KEY": "wrong-key-4711"})
    assert result.returncode == 1 and json.loads(result.stdout)["accepted"] == 0
    assert running.events() == []


# Running


def test_it_is_healthy_on_both_ports_and_leaves_in_order(receiver, tmp_path):
    running = receiver(ARCHIVE)
    for port in (running.port, running.console_port):
        assert (get(port, "/healthz"), get(port, "/readyz")) == (200, 200)
    for example in EXAMPLES:
        assert running.post(example.read_bytes()) == 200
    assert (tmp_path / "scale-callbacks.db-wal").stat().st_size > 0
    running.program.process.send_signal(signal.SIGTERM)
    assert running.program.process.wait(20) == 0
    running.program.close()
    log = tmp_path / "scale-callbacks.db-wal"
    assert not log.exists() or log.stat().st_size == 0
    with sqlite3.connect(f"file:{tmp_path / 'scale-callbacks.db'}?immutable=1", uri=True) as database:
        assert database.execute("SELECT count(*) FROM event").fetchone() == (len(EXAMPLES),)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


def test_a_second_service_on_the_same_store_is_refused(receiver, tmp_path):
    running = receiver(ACCOUNTS)
    (tmp_path / "second.yaml").write_text(ACCOUNTS.replace("$PORT", "0").replace("$CONSOLE", "0"))
    second = command("serve", "--config", "second.yaml", folder=tmp_path)
    assert (second.returncode, second.stdout) == (69, b"")
    assert b"scale-callbacks.db is open in another process" in second.stderr
    assert b"Fatal" not in second.stderr
    # The first has kept its socket and goes on.
    assert running.post(EXAMPLES[0].read_bytes()) == 200
    assert len(running.events()) == 1
    assert running.run("handlers", "pause", "none", check=False).returncode == 2
    assert running.stop() == 0


def test_a_second_service_is_refused_by_any_name_of_the_store(receiver, tmp_path):
    running = receiver(ACCOUNTS)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "name.db").symlink_to(tmp_path / "scale-callbacks.db")
    text = ACCOUNTS.replace("$PORT", "0").replace("$CONSOLE", "0") + "store: sqlite:other/name.db\n"
    (tmp_path / "second.yaml").write_text(text)
    try:
        assert command("serve", "--config", "second.yaml", folder=tmp_path, seconds=10).returncode == 69
    finally:
        assert running.stop() == 0


def test_no_output_log_or_argument_holds_a_secret(receiver, simulator, tmp_path):
    scale = simulator("--clock-scale", 100)
    secrets = {
        "LIVE_KEY": "live_auth_simulator", "OLD_KEY": "older-auth-key-4711", "API_KEY": "live_simulator",
        "TOKEN": "console-token-4711",
    }
    (tmp_path / "file-key").write_text("test_auth_simulator\n")
    (tmp_path / "file-key").chmod(0o600)
    running = receiver(
        f"""
listen: {{ address: 127.0.0.1:$PORT }}
console: {{ address: 127.0.0.1:$CONSOLE, token: "${{TOKEN}}" }}
accounts:
  - name: live
    callback-auth-keys: ["${{LIVE_KEY}}", "${{OLD_KEY}}"]
    api-key: "${{API_KEY}}"
    url: {scale.url}
  - name: test
    callback-auth-keys: [{{ file: file-key }}]
handlers:
  - name: mark
    match: {{ account: live, event: completed }}
    tags: {{ add: [seen] }}
    retries: {{ first-delay: 100ms, attempts: 2 }}
""",
        environment=secrets,
        arguments=("--log-level", "trace"),
    )
    process = running.program.process
    said = [f"arguments {open(f'/proc/{process.pid}/cmdline', 'rb').read()}"]
    for key in ("live_auth_simulator", "older-auth-key-4711", "test_auth_simulator"):
        assert running.post(EXAMPLES[0].read_bytes().replace(b"65", key[:2].encode()), key) == 200
    for key in ("live_auth_simulatoR", "older-auth-key-4711-and-more", "live_auth_simulator,live_auth_simulator"):
        assert running.post(EXAMPLES[0].read_bytes(), key) == 401
    settled(running)
    refused(running, 3)
    assert scale.get("summary")
    commands = [
        ["check"], ["events", "list", "--all", "--output", "json"], ["events", "show", 1], ["events", "show", 1, "--output", "json"],
        ["deliveries", "list"], ["deliveries", "retry", "--state", "dead", "--yes"], ["handlers", "list"],
        ["handlers", "pause", "mark"], ["handlers", "resume", "mark"], ["refused", "--output", "json"], ["refused"],
        ["refused", "--counts"], ["send", "--account", "live"], ["send", "--account", "none"], ["check", "--no-such-option"],
        ["bench", "--url", running.url, "--count", 10],
    ]
    running.environment = secrets | {"SCALE_CALLBACK_AUTH_KEY": "live_auth_simulator"}
    for arguments in commands:
        result = running.run(*arguments, check=False, config=arguments[0] != "bench")
        said += [f"{arguments} stdout {result.stdout}", f"{arguments} stderr {result.stderr}"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    said += [f"service stdout {process.stdout.read()}", f"service log {running.program.log_text()}"]
    assert " trace " in said[-1]
    said += [f"{path.name} {path.read_bytes()}" for path in tmp_path.glob("scale-callbacks.db*") if path.is_file()]
    wanted = [*secrets.values(), "test_auth_simulator", "live_auth_simulatoR"]
    wanted += [base64.b64encode(f"{secrets['API_KEY']}:".encode()).decode().rstrip("=")]
    for text in said:
        for secret in wanted:
            assert secret.lower() not in text.lower(), f"{secret} in {text[:200]}"
