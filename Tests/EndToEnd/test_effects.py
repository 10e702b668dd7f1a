"""Handlers that have effects, in the built program: files that survive a kill, result files, tags and metadata."""

import concurrent.futures
import gzip
import hashlib
import json
import os
import time
import urllib.request

from processes import wait_until

CONFIGURATION = """
listen: { address: 127.0.0.1:$PORT }
console: { address: 127.0.0.1:$CONSOLE }
accounts: [{ name: live, callback-auth-keys: [live_auth_simulator], api-key: live_simulator, url: "%s" }]
lease: 1s
handlers:
"""
LINES = """
  - { name: plain, file: { path: "plain/{received:yyyy-MM-dd}.jsonl", format: jsonl, rotate: 64KB } }
  - { name: packed, file: { path: "packed/{project}.jsonl.gz", format: jsonl, rotate: 16KB, gzip: true } }
"""
KILLS = int(os.environ.get("KILLS", 5))


def body(number):
    task = {"task_id": f"{number:024x}", "type": "imageannotation", "status": "completed", "project": "quay"}
    task["response"] = {"annotations": [], "padding": hashlib.sha256(str(number).encode()).hexdigest() * (number % 9)}
    # Every third has line breaks, as a pretty printer makes them.
    return json.dumps({"task_id": task["task_id"], "task": task}, indent=2 if number % 3 == 0 else None).encode()


def lines(folder):
    """All lines below a folder, parsed: each must be whole."""
    found = []
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        text = gzip.decompress(data) if path.suffix == ".gz" else data
        assert text.endswith(b"\n"), path
        found += [json.loads(line) for line in text.splitlines()]
    return found


def test_lines_survive_kills(receiver, tmp_path):
    """Every acknowledged event is a whole line of both files, through kills at random moments, rotation and gzip."""
    running = receiver(CONFIGURATION % "http://127.0.0.1:9/v1" + LINES)
    sent = 0
    for kill in range(KILLS):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda number: running.post(body(number)), range(sent, sent + 160)))
        assert set(statuses) == {200}
        sent += 160
        # While handlers work on what came last.
        time.sleep(0.02 * (kill % 5))
        running.kill()
        running.start()
    wait_until(lambda: not running.rows("deliveries", "list", "--all", "--state", "pending"), "the deliveries", 60)
    assert not running.rows("deliveries", "list", "--all", "--state", "dead")
    running.stop()
    wanted = {number: json.loads(body(number)) for number in range(sent)}
    counts = {}
    for name in ("plain", "packed"):
        found = lines(tmp_path / name)
        numbers = [int(line["task_id"], 16) for line in found]
        assert set(numbers) == set(wanted)
        assert all(line == wanted[number] for number, line in zip(numbers, found))
        files = list((tmp_path / name).iterdir())
        assert len(files) > 3
        assert all(path.stat().st_size <= (65536 if name == "plain" else 16384) for path in files)
        counts[name] = len(files)
        # Those that a crash repeats are found among the last lines.
        assert len(found) == sent
    print(f"{KILLS} kills, {sent} events, as many lines; files: {counts}")


def test_result_files(receiver, tmp_path, simulator):
    """Result files are what Scale serves, each on the index once, through a kill in the middle."""
    scale = simulator()
    handlers = """
  - { name: keep, retries: { first-delay: 100ms }, file: { path: "kept/{task_id}-{event_id}.json", fetch: results } }
"""
    running = receiver(CONFIGURATION % scale.url + handlers)
    key = {"Authorization": "Basic bGl2ZV9zaW11bGF0b3I6", "Content-Type": "application/json"}

    def ask(path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{scale.url}/{path}", data=data, headers=key)
        return urllib.request.urlopen(request, timeout=30).read()

    for number in range(12):
        ask("task/segmentannotation", {
            "attachment": f"https://assets.example.com/{number}.jpg", "labels": ["quay", "water", "crane"],
            "callback_url": running.url,
        })
    wait_until(lambda: (tmp_path / "kept" / "index.jsonl").exists(), "a first result file", 60)
    running.kill()
    running.start()
    wait_until(lambda: len(running.events()) >= 12, "the callbacks", 60)
    wait_until(lambda: not running.rows("deliveries", "list", "--all", "--state", "pending"), "the deliveries", 60)
    index = [json.loads(line) for line in (tmp_path / "kept" / "index.jsonl").read_bytes().splitlines()]
    served, tasks = {}, {line["task_id"] for line in index}
    assert len(tasks) == 12
    for task in tasks:
        annotations = json.loads(ask(f"task/{task}"))["response"]["annotations"]
        urls = [annotations["unlabeled"], *annotations["combined"].values()]
        for value in annotations["labeled"].values():
            urls += value if isinstance(value, list) else [value]
        for url in filter(None, urls):
            digest = hashlib.sha256(ask(url.removeprefix(scale.url + "/"))).hexdigest()
            served.setdefault(task, []).append(digest)
    for task in tasks:
        rows = [row for row in index if row["task_id"] == task]
        events = {row["event_id"] for row in rows}
        assert sorted(row["sha256"] for row in rows) == sorted(served[task] * len(events))
    assert len({(row["event_id"], row["path"]) for row in index}) == len(index)
    for row in index:
        content = (tmp_path / "kept" / row["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"]
        assert len(content) == row["size"]
    print(f"12 tasks, {len(index)} result files, all as served, none on the index twice")


def test_tags_metadata_nucleus(receiver, tmp_path, simulator):
    """What was found by SQL is in the tags, the metadata and the dataset, by the simulator's own books."""
    scale = simulator("--fault-share", "0")
    key = {"Authorization": "Basic bGl2ZV9zaW11bGF0b3I6", "Content-Type": "application/json"}

    def ask(path, body=None):
        data = None if body is None else json.dumps(body).encode()
        return json.load(urllib.request.urlopen(urllib.request.Request(f"{scale.url}/{path}", data=data, headers=key), timeout=30))

    dataset = ask("nucleus/dataset/create", {"name": "quay"})["dataset_id"]
    handlers = """
  - name: mark
    match: { event: completed }
    tags: { add: ["boxes-{n}", "{metadata.site}"], find: select count(*) as n from annotations }
  - name: note
    match: { event: completed }
    metadata:
      merge: { boxes: "{n}", seen: true, old: null, by: "{event} of {type}" }
      find: select count(*) as n from annotations
  - { name: collect, nucleus: { dataset: %s, metadata: { site: "{metadata.site}" } } }
""" % dataset
    running = receiver(CONFIGURATION % scale.url + handlers)
    ids = []
    for number in range(8):
        ids.append(ask("task/imageannotation", {
            "instruction": "Label.", "attachment": f"https://assets.example.com/{number}.jpg",
            "geometries": {"box": {"objects_to_annotate": ["truck"]}}, "callback_url": running.url,
            "metadata": {"site": f"quay-{number % 2}", "old": 1}, "tags": ["a", "b", "c", "d"] if number == 7 else [],
        })["task_id"])
    wait_until(lambda: len(running.events()) >= 8, "the callbacks", 60)
    wait_until(lambda: not running.rows("deliveries", "list", "--all", "--state", "pending"), "the deliveries", 60)
    dead = running.rows("deliveries", "list", "--all", "--state", "dead")
    assert [(row["handler"], row["task_id"]) for row in dead] == [("mark", ids[7])]
    assert "would have 6 tags" in dead[0]["summary"]
    for number, task_id in enumerate(ids):
        task = ask(f"task/{task_id}")
        boxes = len(task["response"]["annotations"])
        site = f"quay-{number % 2}"
        assert task["metadata"] == {"site": site, "boxes": boxes, "seen": True, "by": "completed of imageannotation"}
        assert sorted(task.get("tags", [])) == (["a", "b", "c", "d"] if number == 7 else sorted([f"boxes-{boxes}", site]))
    items = ask(f"nucleus/dataset/{dataset}/datasetItems")["dataset_items"]
    assert {(item["reference_id"], item["metadata"]["site"]) for item in items} == {
        (task_id, f"quay-{number % 2}") for number, task_id in enumerate(ids)
    }
