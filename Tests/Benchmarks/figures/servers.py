"""What callbacks are posted to: the receiver, and its peers. Each takes them on `url` and knows how many it keeps."""

import contextlib
import json
import re
import sqlite3
import sys
import time

from .processes import Program, free_port, listens
from .setting import KEY, VENV

HERE = __file__.rsplit("/", 1)[0]


class Server:
    """Something that answers callbacks, running in a folder of its own."""

    def __init__(self, program, url, stored, started_in=0.0):
        self.program = program
        self.url = url
        self.stored = stored
        # Seconds from its start until it listened.
        self.started_in = started_in


@contextlib.contextmanager
def receiver(setting, folder, handlers="", listen=""):
    """This project's receiver, on the store in `folder`."""
    (folder / "receiver.yaml").write_text(
        f"""
listen: {{ address: "127.0.0.1:0"{listen} }}
console: {{ address: "127.0.0.1:0" }}
accounts:
  - {{ name: live, callback-auth-keys: [{KEY}] }}
  - {{ name: test, callback-auth-keys: [{KEY}-of-test] }}
store: sqlite:store.db
{handlers}
"""
    )

    def stored():
        output = setting.command("store", "size", "--config", "receiver.yaml", "--output", "json", folder=folder)
        return next(item["value"] for item in json.loads(output)["items"] if item["what"] == "events")

    begin = time.monotonic()
    with Program([setting.binary, "serve", "--config", "receiver.yaml", "--log-level", "warning"], folder) as program:
        url = re.search(r"http://\S+/callbacks", program.line()).group(0)
        yield Server(program, url, stored, time.monotonic() - begin)


@contextlib.contextmanager
def nginx(setting, folder):
    """nginx, which answers 200 and stores nothing."""
    port = free_port()
    folders = "".join(f"  {name}_temp_path {name};\n" for name in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
    (folder / "nginx.conf").write_text(
        f"""
worker_processes auto;
daemon off;
pid nginx.pid;
error_log stderr error;
events {{ worker_connections 4096; }}
http {{
{folders}  access_log off;
  keepalive_requests 1000000000;
  server {{ listen 127.0.0.1:{port} backlog=4096; location = /callbacks {{ return 200; }} }}
}}
"""
    )
    with Program(["/usr/sbin/nginx", "-p", folder, "-c", "nginx.conf", "-e", "stderr"], folder) as program:
        program.wait_for(lambda: listens(port), "its port")
        yield Server(program, f"http://127.0.0.1:{port}/callbacks", lambda: 0)


@contextlib.contextmanager
def fastapi(setting, folder):
    """FastAPI, uvicorn with its one worker, and SQLite: checks the key, commits and syncs, then answers."""
    environment = {"CALLBACK_AUTH_KEY": KEY, "PYTHONPATH": HERE, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [VENV / "bin" / "uvicorn", "fastapi_receiver:app", "--host", "127.0.0.1", "--port", 0, "--no-access-log"]
    with Program(command, folder, environment) as program:
        url = program.wait_for(lambda: re.search(r"http://\S+:\d+", program.log.read_text()), "its port").group(0)

        def stored():
            with contextlib.closing(sqlite3.connect(folder / "events.db")) as database:
                return database.execute("SELECT count(*) FROM event").fetchone()[0]

        yield Server(program, f"{url}/callbacks", stored)


@contextlib.contextmanager
def webhook(setting, folder):
    """Debian's webhook: runs a command for each, which appends the body to a file; synced by nobody."""
    port = free_port()
    command = folder / "keep"
    command.write_text('#!/bin/sh\nprintf "%s\\n" "$1" >> callbacks.jsonl\n')
    command.chmod(0o755)
    hook = {
        "id": "callbacks",
        "execute-command": str(command),
        "command-working-directory": str(folder),
        "pass-arguments-to-command": [{"source": "entire-payload"}],
        # Otherwise it answers before the command has run.
        "include-command-output-in-response": True,
        "trigger-rule": {
            "match": {"type": "value", "value": KEY, "parameter": {"source": "header", "name": "Scale-Callback-Auth"}}
        },
        "trigger-rule-mismatch-http-response-code": 401,
    }
    (folder / "hooks.json").write_text(json.dumps([hook]))
    with Program(["webhook", "-hooks", "hooks.json", "-ip", "127.0.0.1", "-port", port], folder) as program:
        program.wait_for(lambda: listens(port), "its port")

        def stored():
            with open(folder / "callbacks.jsonl", "rb") as kept:
                return sum(1 for _ in kept)

        yield Server(program, f"http://127.0.0.1:{port}/hooks/callbacks", stored)


@contextlib.contextmanager
def sink(setting, folder):
    """The sink of these benchmarks, which answers 200 and stores nothing; it needs no installation."""
    with Program([sys.executable, f"{HERE}/../sink.py"], folder) as program:
        yield Server(program, f"http://127.0.0.1:{int(program.line())}/callbacks", lambda: 0)


PEERS = {"nginx": nginx, "fastapi": fastapi, "webhook": webhook, "sink": sink}
