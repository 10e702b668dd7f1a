"""What is wrong at the start is told at once, at its line and with what to do, and nothing is touched.

PAGES=100 damages as many pages of a store, one at a time.
"""

import hashlib
import os
import random
import re
import socket
import sqlite3
import subprocess

import pytest

from faults import SERVICE, Flood, post
from processes import BINARIES, Receiver

PAGES = int(os.environ.get("PAGES", "6"))
HEAD = """listen: { address: 127.0.0.1:0 }
console: { address: 127.0.0.1:0 }
accounts: [{ name: live, callback-auth-keys: [live_auth_simulator] }]
"""
UNAVAILABLE, INPUT_OUTPUT, CONFIGURATION = 69, 74, 78

# Below HEAD: what is written on line 4 and further, and what is said of it.
WRONG = {
    "an unknown key": ("handelrs: []\n", 4, 'did you mean "handlers"?'),
    "an unknown key of a handler": ("handlers:\n  - name: a\n    file: { path: a.json }\n    colour: red\n", 7, '"colour"'),
    "a key of a later version": ("reconcile: { every: 15m }\n", 4, "not in this version"),
    "a list that is none": ("handlers: 7\n", 4, "must be a list"),
    "a mapping that is none": ("retention: 90d\n", 4, '"retention"'),
    "a duration that is none": ("lease: soon\n", 4, "a duration such as"),
    "a duration that is too short": ("lease: 1ms\n", 4, "at least 1s"),
    "a handler that does nothing": ("handlers:\n  - name: a\n", 5, "needs one of"),
    "two handlers of one name": (
        "handlers:\n  - name: a\n    file: { path: a.json }\n  - name: a\n    file: { path: b.json }\n", 7, "already on line 5"
    ),
    "an audit without a key for Scale": (
        "handlers:\n  - name: a\n    audit:\n      mode: live\n      rules: [{ accept: yes }]\n", 5, '"api-key"'
    ),
    "SQL that does not compile": (
        "handlers:\n  - name: a\n    audit:\n      rules:\n        - { reject: no, when: selec 1 }\n", 8, "rule 1"
    ),
    "SQL that writes": (
        "handlers:\n  - name: a\n    audit:\n      rules:\n        - { accept: fine }\n"
        "        - { reject: no, find: delete from annotations }\n", 9, "rule 2"
    ),
    "a check that is unknown": (
        "handlers:\n  - name: a\n    audit:\n      rules:\n        - { reject: no, check: labels }\n", 8, "labels"
    ),
    "a path that leaves its folder": ("handlers:\n  - name: a\n    file: { path: \"{task_id}/../../x\" }\n", 5, "handler \"a\""),
    "a placeholder that is unknown": ("handlers:\n  - name: a\n    file: { path: \"dump/{nothing}.json\" }\n", 5, "nothing"),
    "more tags than Scale takes": ("handlers:\n  - name: a\n    tags: { add: [1, 2, 3, 4, 5, 6] }\n", 5, "tags"),
    "a store of a later version": ("store: postgres://user:s3cretpassword@host/db\n", 4, "PostgreSQL"),
    "a store in memory": ("store: \"sqlite::memory:\"\n", 4, "path of a file"),
    "a store with too long a path": (f"store: sqlite:{'d' * 120}.db\n", 4, "shorter path"),
    "a variable that is not set": ("store: sqlite:${NOT_SET}.db\n", 4, "NOT_SET is not set"),
    "no YAML": ("handlers: [\n", 5, "this is not YAML"),
    "a key twice": ("lease: 5s\nlease: 6s\n", None, "more than once"),
    "an anchor": ("lease: &a 5s\n", 4, "anchors"),
}
# The whole file.
WHOLE = {
    "an empty file": ("", 1, "empty"),
    "no account": ("listen: { address: 127.0.0.1:0 }\n", None, '"accounts"'),
    "an account without a key": ("accounts:\n  - name: live\n", 2, "callback-auth-keys"),
    "a key that is too short": ("accounts:\n  - name: live\n    callback-auth-keys: [s3cret]\n", 3, "fewer than 8"),
    "a key from a variable that is not set": (
        "accounts:\n  - name: live\n    callback-auth-keys: [\"${NOT_SET}\"]\n", 3, "NOT_SET is not set"
    ),
    "a key from a file that is not there": (
        "accounts:\n  - name: live\n    callback-auth-keys: [{ file: none }]\n", 3, "cannot be opened"
    ),
    "a key from a folder": ("accounts:\n  - name: live\n    callback-auth-keys: [{ file: . }]\n", 3, '"."'),
    "two accounts of one name": (
        "accounts:\n  - { name: a, callback-auth-keys: [key-4711-a] }\n  - { name: a, callback-auth-keys: [key-4711-b] }\n",
        3, "already on line 2",
    ),
    "two accounts with one key": (
        "accounts:\n  - { name: a, callback-auth-keys: [key-4711-a] }\n  - { name: b, callback-auth-keys: [key-4711-a] }\n",
        3, "also on line 2",
    ),
    "a port that is none": (HEAD.replace("127.0.0.1:0 }\nconsole", "127.0.0.1:99999 }\nconsole"), 1, "a host and a port"),
    "a console for everybody without a token": (
        HEAD.replace("console: { address: 127.0.0.1:0 }", "console: { address: 0.0.0.0:0 }"), 2, '"token"'
    ),
}
SECRETS = ["live_auth_simulator", "s3cret", "key-4711"]


def start(folder, *arguments, environment=None):
    """Starts the service, which must end by itself; the code and what it said."""
    result = subprocess.run(
        [str(BINARIES / "scale-callbacks"), *arguments],
        cwd=folder, env={"PATH": os.environ["PATH"], **(environment or {})}, capture_output=True, timeout=20,
    )
    said = result.stderr.decode()
    assert result.stdout == b""
    assert not re.search(r"Fatal error|Stack dump|Crash|\.swift:\d|0x[0-9a-f]{8}", said), said
    return result.returncode, said


def inventory(folder):
    """Everything in a folder. The lock beside a store is empty and not of interest."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in sorted(folder.rglob("*"))
        if not (path.name.endswith(".db-lock") and path.stat().st_size == 0)
    }


@pytest.mark.parametrize("name", [*WRONG, *WHOLE])
def test_a_wrong_configuration_is_refused_at_its_line(tmp_path, name):
    addition, line, advice = WRONG[name] if name in WRONG else WHOLE[name]
    (tmp_path / "bad.yaml").write_text(HEAD + addition if name in WRONG else addition)
    before = inventory(tmp_path)
    said = {}
    for command in ("serve", "check"):
        code, said[command] = start(tmp_path, command, "--config", "bad.yaml")
        assert code == CONFIGURATION, said
    assert said["serve"] == said["check"]
    place = "bad.yaml:" if line is None else f"bad.yaml:{line}: "
    lines = [text for text in said["serve"].splitlines() if text.startswith(place)]
    assert lines and any(advice in text for text in lines), said["serve"]
    assert all(text.startswith("bad.yaml:") for text in said["serve"].splitlines())
    assert not any(secret in said["serve"] for secret in SECRETS)
    assert inventory(tmp_path) == before


@pytest.mark.parametrize("make", ["missing", "folder", "binary", "large"])
def test_a_configuration_that_cannot_be_read_is_refused(tmp_path, make):
    path = tmp_path / "bad.yaml"
    if make == "folder":
        path.mkdir()
    elif make == "binary":
        path.write_bytes(b"\xff\xfe\x00")
    elif make == "large":
        path.write_bytes(b"#" * 1_100_000)
    before = inventory(tmp_path)
    code, said = start(tmp_path, "serve", "--config", "bad.yaml")
    assert code == CONFIGURATION and said.startswith("bad.yaml:") and said.count("\n") == 1, said
    assert inventory(tmp_path) == before


def test_without_any_configuration_every_way_is_taught(tmp_path):
    code, said = start(tmp_path, "serve")
    assert code == CONFIGURATION
    for way in ("--config", "SCALE_CALLBACKS_CONFIG", "scale-callbacks.yaml", "SCALE_CALLBACK_AUTH_KEY", "SCALE_CALLBACKS_LISTEN"):
        assert way in said
    assert inventory(tmp_path) == {}


@pytest.mark.parametrize(
    "environment",
    [
        {"SCALE_CALLBACK_AUTH_KEY": "s3cret"},
        {"SCALE_CALLBACK_AUTH_KEY": "key-4711 with spaces"},
        {"SCALE_CALLBACK_AUTH_KEY": "key-4711-a", "SCALE_CALLBACKS_LISTEN": "8080"},
        {"SCALE_CALLBACK_AUTH_KEY": "key-4711-a", "SCALE_CALLBACKS_CONSOLE": "0.0.0.0:8081"},
        {"SCALE_CALLBACK_AUTH_KEY": "key-4711-a", "SCALE_API_URL": "not a URL"},
    ],
    ids=lambda environment: list(environment)[-1],
)
def test_a_wrong_variable_is_named(tmp_path, environment):
    code, said = start(tmp_path, "serve", environment=environment)
    assert code == CONFIGURATION and list(environment)[-1] in said and said.count("\n") == 1, said
    assert not any(secret in said for secret in SECRETS)
    assert inventory(tmp_path) == {}


def test_a_wrong_option_is_a_wrong_command_line(tmp_path):
    for arguments in (["serve", "--log-level", "loud"], ["serve", "--confg", "a"], ["serf"]):
        code, said = start(tmp_path, *arguments)
        assert code == 64 and "Error: " in said
    assert inventory(tmp_path) == {}


def other_database(path):
    """A database of another program."""
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE customer (name TEXT)")
        database.execute("INSERT INTO customer VALUES ('somebody')")
    database.close()


STORES = {
    "in a folder that is not there": ("none/events.db", None),
    "in a folder that is a file": ("bad.yaml/events.db", None),
    "a text": ("events.db", lambda path: path.write_text("hello, this is not a database\n" * 10)),
    "a folder": ("events.db", lambda path: path.mkdir()),
    "another program's database": ("events.db", other_database),
}


@pytest.mark.parametrize("name", STORES)
def test_a_store_that_is_none_is_refused_and_left_alone(tmp_path, name):
    store, make = STORES[name]
    (tmp_path / "bad.yaml").write_text(HEAD + f"store: sqlite:{store}\n")
    if make:
        make(tmp_path / store)
    before = inventory(tmp_path)
    code, said = start(tmp_path, "serve", "--config", "bad.yaml", "--log-level", "error")
    assert code == INPUT_OUTPUT and store in said and said.count("\n") == 1, said
    assert inventory(tmp_path) == before

    # Commands that look or change say it, too.
    for arguments in (["events", "list"], ["handlers", "pause", "a"]):
        code, said = start(tmp_path, *arguments, "--config", "bad.yaml")
        assert code == INPUT_OUTPUT and store in said, said
    assert inventory(tmp_path) == before


@pytest.mark.parametrize("port", ["listen", "console"])
def test_a_port_in_use_is_refused(tmp_path, port):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        text = HEAD.replace(f"{port}: {{ address: 127.0.0.1:0 }}", f"{port}: {{ address: {address} }}")
        assert address in text
        (tmp_path / "bad.yaml").write_text(text)
        code, said = start(tmp_path, "serve", "--config", "bad.yaml", "--log-level", "critical")
    assert code == UNAVAILABLE and address in said and "Address already in use" in said and f'"{port}"' in said, said
    assert said.count("\n") == 1


def test_an_address_of_another_machine_is_refused(tmp_path):
    # 192.0.2.0/24 is set apart for documentation: no machine has such an address.
    (tmp_path / "bad.yaml").write_text(HEAD.replace("listen: { address: 127.0.0.1:0", "listen: { address: 192.0.2.1:0"))
    code, said = start(tmp_path, "serve", "--config", "bad.yaml", "--log-level", "critical")
    assert code == UNAVAILABLE and "192.0.2.1" in said, said


def test_the_codes_are_the_ones_in_the_help(tmp_path):
    text = subprocess.run([str(BINARIES / "scale-callbacks"), "--help"], capture_output=True, check=True).stdout.decode()
    for code, words in ((UNAVAILABLE, "in use"), (INPUT_OUTPUT, "cannot be read or written"), (CONFIGURATION, "configuration")):
        assert re.search(rf"^  {code}  .*{words}", text, re.MULTILINE | re.DOTALL), code


def made_store(folder):
    """A store with 40 callbacks, of which half were in the log only when the service was killed; its files."""
    running = Receiver(folder, SERVICE).start()
    for round in range(2):
        Flood(running, [f"r{round}-{number}" for number in range(20)], 5000).end()
        if round == 0:
            assert running.stop() == 0
            running.start()
    running.kill()
    return running


def overwrite(path, place, size):
    content = bytearray(path.read_bytes())
    content[place : place + size] = random.Random(7).randbytes(size)
    path.write_bytes(content)


def cut(size):
    return lambda folder: os.truncate(folder / "scale-callbacks.db", size)


def noise(page):
    return lambda folder: overwrite(folder / "scale-callbacks.db", page * 4096, 4096)


def away(folder):
    """The log is missing, and what it held."""
    (folder / "scale-callbacks.db-wal").unlink()


def read_only(folder):
    """The file is one that nobody may write, the superuser included."""
    result = subprocess.run(["chattr", "+i", str(folder / "scale-callbacks.db")], capture_output=True)
    if result.returncode != 0:
        pytest.skip("files cannot be made immutable here")


# What happened to the store, was it stopped or killed before, what is said, and the way out.
DAMAGES = {
    "its log is gone": (away, False, "-wal is missing", "restore a backup"),
    "the file was cut": (cut(40_000), True, "SQLite error 11", "restore a backup"),
    "the file was cut, with a log": (cut(40_000), False, "SQLite error 11", "restore a backup"),
    "only its first page is left, with a log": (cut(4096), False, "SQLite error 11", "restore a backup"),
    "its first page is noise": (noise(0), True, "not a database", "restore a backup"),
    "the file cannot be written": (read_only, False, "the file cannot be written", "Let the service's user write"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_store_that_was_damaged_is_refused_and_left_alone(tmp_path, name):
    damage, stopped, what, way = DAMAGES[name]
    running = made_store(tmp_path)
    if stopped:
        assert running.start().stop() == 0
    damage(tmp_path)
    (tmp_path / "scale-callbacks.log").unlink()
    nothing = hashlib.sha256().hexdigest()
    # The index of the log is made anew at every opening and holds nothing of its own; an empty log is none.
    kept = lambda: {
        path: digest for path, digest in inventory(tmp_path).items()
        if not path.endswith("-shm") and (not path.endswith("-wal") or digest != nothing)
    }
    before = kept()
    try:
        for _ in range(2):
            code, said = start(tmp_path, "serve", "--config", "receiver.yaml", "--log-level", "critical")
            assert code == INPUT_OUTPUT and what in said and way in said and "scale-callbacks.db" in said, said
            assert said.count("\n") == 1
            assert kept() == before
        print(said.strip())
    finally:
        subprocess.run(["chattr", "-i", str(tmp_path / "scale-callbacks.db")], capture_output=True)


def test_a_log_that_was_removed_may_be_given_up(tmp_path):
    running = made_store(tmp_path)
    log, index = tmp_path / "scale-callbacks.db-wal", tmp_path / "scale-callbacks.db-shm"
    log.rename(tmp_path / "put-aside")
    assert start(tmp_path, "serve", "--config", "receiver.yaml")[0] == INPUT_OUTPUT
    # Put back, nothing is missing.
    (tmp_path / "put-aside").rename(log)
    running.start()
    assert len(running.events()) == 40
    assert post(running, "after") == 200
    running.kill()
    # Or whoever means it goes on without.
    log.unlink()
    index.unlink()
    running.start()
    assert len(running.events()) == 40
    assert running.stop() == 0


def test_pages_that_are_noise_are_reported_and_nothing_is_made_of_them(tmp_path):
    running = made_store(tmp_path)
    running.start()
    assert running.stop() == 0
    intact = {event["id"]: event["body_sha256"] for event in running.events()}
    path = tmp_path / "scale-callbacks.db"
    pages = path.stat().st_size // 4096
    found = left = 0
    content = path.read_bytes()
    chance = random.Random(11)
    for number in range(PAGES):
        path.write_bytes(content)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        # Not the first, which is looked at when the store is opened.
        page = chance.randrange(1, pages)
        overwrite(path, page * 4096, 4096)
        noise = path.read_bytes()
        check = running.run("store", "check", check=False)
        assert check.returncode in (0, 1, 74), check.stderr
        found += check.returncode != 0
        if check.returncode == 0:
            assert {row["id"]: row["body_sha256"] for row in running.events()} == intact, "a page that was not in use"
        else:
            assert b"restore a backup" in check.stderr + check.stdout or b"malformed" in check.stderr, check.stderr
        assert path.read_bytes() == noise, "looking changed it"
        # It serves what it can, or leaves with its code; it never crashes.
        try:
            running.start()
        except AssertionError as error:
            last = error.args[0].strip().split("\n")[-1]
            assert last.startswith(("Cannot ", "The store cannot be written safely")) and "a backup" in last, error
            left += 1
            continue
        statuses = {post(running, f"n{number}-{count}", 5000) for count in range(3)}
        assert statuses <= {0, 200, 503}
        code = running.stop()
        assert code in (0, 74), code
        left += code == 74
    print(f"noise in one of {pages} pages, {PAGES} times: 'store check' found {found}, left or not started {left}, crashed 0")
    assert found > PAGES // 2
