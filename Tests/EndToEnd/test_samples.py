"""The samples for handlers outside of this repository do what they say."""

import json
import shutil
import sqlite3
import subprocess

import pytest

from processes import BINARIES, LIVE_AUTH_KEY, ROOT, Receiver, wait_until

SAMPLES = ROOT / "Samples"
PORTS = "listen: { address: 127.0.0.1:$PORT }\nconsole: { address: 127.0.0.1:$CONSOLE }\n"
ACCOUNT = "accounts: [{ name: live, callback-auth-keys: [live_auth_simulator] }]\n"


def callback(task, labels):
    response = {"annotations": [{"label": label} for label in labels]}
    task = {"task_id": task, "type": "imageannotation", "status": "completed", "response": response}
    return json.dumps({"task_id": task["task_id"], "task": task, "response": response}).encode()


def completed(running, count):
    def rows():
        rows = running.rows("deliveries", "list", "--all", "--state", "completed")
        return rows if len(rows) >= count else None

    return {row["task_id"]: row for row in wait_until(rows, "the deliveries")}


def test_the_python_worker_files_what_comes(receiver, tmp_path):
    shutil.copy(SAMPLES / "python-worker" / "worker.py", tmp_path)
    text = (SAMPLES / "python-worker" / "scale-callbacks.yaml").read_text()
    running = receiver(PORTS + text, {"SCALE_CALLBACK_AUTH_KEY": LIVE_AUTH_KEY})
    assert running.post(callback("t1", ["truck", "truck", "person"])) == 200
    assert running.post(callback("t2", [])) == 200
    # What is no list of annotations is no reason to fail.
    assert running.post(json.dumps({"task_id": "t3", "task": {"task_id": "t3", "status": "completed"}, "response": [1]}).encode()) == 200
    rows = completed(running, 3)
    assert rows["t1"]["summary"] == "filed 3 annotations of 2 labels"
    assert running.stop() == 0
    with sqlite3.connect(tmp_path / "records.db") as database:
        found = {task: json.loads(labels) for task, _, labels in database.execute("select * from records")}
    database.close()
    assert found == {"t1": {"person": 1, "truck": 2}, "t2": {}, "t3": {}}


class CustomReceiver(Receiver):
    """A receiver whose program is the sample's."""

    program_name = "custom-build"


@pytest.fixture(scope="module")
def custom_build():
    if not (BINARIES / "custom-build").exists():
        pytest.fail("deploy/test builds Samples/custom-build first")


def test_the_custom_build_is_short():
    files = [*(SAMPLES / "custom-build").glob("*.swift"), *(SAMPLES / "custom-build" / "Sources").rglob("*.swift")]
    count = sum(len(path.read_text().splitlines()) for path in files)
    assert len(files) == 2 and count < 60
    print(f"{count} lines in {len(files)} files")


def test_the_custom_build_runs_its_own_handler_beside_those_of_the_file(custom_build, tmp_path):
    running = CustomReceiver(tmp_path, PORTS + ACCOUNT + "handlers: [{ name: dump, file: { path: \"dump/{task_id}.json\" } }]\n")
    running.start()
    try:
        assert running.post(callback("t1", ["truck", "truck", "person"])) == 200
        wait_until(lambda: len(running.rows("deliveries", "list", "--all", "--state", "completed")) == 2, "both deliveries")
        rows = {row["handler"]: row for row in running.rows("deliveries", "list", "--all")}
        assert rows["count-labels"]["summary"] == "person: 1, truck: 2"
        assert (tmp_path / "dump" / "t1.json").read_bytes() == callback("t1", ["truck", "truck", "person"])
        assert {(row["name"], row["type"]) for row in running.rows("handlers", "list")} == {("count-labels", "count"), ("dump", "file")}
        printed = running.run("check").stdout.decode()
        assert "# and of this build: count-labels" in printed
    finally:
        assert running.stop() == 0


def test_a_name_that_is_there_twice_is_a_wrong_configuration(custom_build, tmp_path):
    (tmp_path / "x.yaml").write_text(ACCOUNT + "handlers: [{ name: count-labels, file: { path: \"{task_id}.json\" } }]\n")
    for command in ("check", "serve"):
        result = subprocess.run(
            [str(BINARIES / "custom-build"), command, "--config", "x.yaml"], cwd=tmp_path, capture_output=True, timeout=60
        )
        assert result.returncode == 78
        assert b"count-labels" in result.stderr and b"Rename one" in result.stderr
