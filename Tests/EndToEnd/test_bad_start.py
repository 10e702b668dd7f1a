"""What is wrong at the start is told at once, at its line and with what to do, and nothing is touched."""

import hashlib
import os
import re
import socket
import sqlite3
import subprocess

import pytest

from processes import BINARIES

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
