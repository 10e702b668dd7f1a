"""The ready-made checks against the truth: 2,000 tasks of all types, some of them wrong on purpose, each in the simulator's books."""

import collections
import contextlib
import json
import sqlite3

import scaleapi
from scaleapi.tasks import TaskType

from processes import wait_until
from task_payloads import PAYLOADS

TASKS = 2000
# What each planted fault is found by. The first rule that applies decides, so their order is that of the rules.
CHECKS = {
    "empty": "empty",
    "label-not-asked-for": "label-not-asked-for",
    "too-small": "below-minimum-size",
    "outside-image": "outside-image",
    "near-duplicate": "near-duplicate",
    "attribute-missing": "attribute-missing",
    "answer-too-short": "text-too-short",
    "field-missing": "answer-missing",
    "respondents-disagree": "answers-disagree",
    "category-not-offered": "answer-not-offered",
    "span-text-differs": "span-differs",
    "label-missing": "segment-missing",
}
# Their annotations are in files, which are fetched.
IN_FILES = ["videoannotation", "videoboxannotation", "videoplaybackannotation", "videocuboidannotation", "lidarannotation",
            "lidarsegmentation", "lidarlinking"]
IMAGES = ["empty", "label-not-asked-for", "below-minimum-size", "outside-image, width: 1920, height: 1080", "near-duplicate",
          "attribute-missing"]
RULES = {
    "images": (["imageannotation"], IMAGES),
    "texts": (["textcollection"], ["answer-missing", "answer-not-offered", "text-too-short, minimum: 2"]),
    "surveys": (["textcollection"], ["answer-missing", "answers-disagree"]),
    "categories": (["categorization"], ["answer-not-offered"]),
    "entities": (["namedentityrecognition"], ["span-differs", "label-not-asked-for"]),
    "segments": (["segmentannotation"], ["segment-missing", "segment-not-asked-for"]),
    "files": (IN_FILES, ["label-not-asked-for"]),
}
SURVEY = {
    "attachments": [{"type": "text", "content": "The moon pulls the sea."}], "title": "Judge it", "responses_required": 3,
    "fields": [{"type": "category", "field_id": "fair", "title": "Fair?", "choices": [{"label": "Yes", "value": "yes"},
                                                                                     {"label": "No", "value": "no"}]}],
}


# Without a map of labels a linking task says nothing of what it asks for.
LINKING = {"lidar_task": "5f0f5f0f5f0f5f0f5f0f5f0f", "annotation_type": "annotation", "label_map": {"car": "car", "van": "van"}}


def configuration(scale, fetch="true"):
    """A handler in shadow for each kind of task, and one that accepts the types in which nothing is planted."""
    text = f"""
listen: {{ address: 127.0.0.1:$PORT }}
console: {{ address: 127.0.0.1:$CONSOLE }}
accounts: [{{ name: live, callback-auth-keys: [live_auth_simulator], api-key: live_simulator, url: {scale.url} }}]
handlers:
"""
    for name, (types, checks) in RULES.items():
        batch = {"texts": "texts", "surveys": "surveys"}.get(name)
        match = f"type: [{', '.join(types)}], event: completed" + (f", batch: {batch}" if batch else "")
        rules = "".join(f"        - {{ reject: found, check: {check} }}\n" for check in checks)
        text += f"  - name: {name}\n    match: {{ {match} }}\n    audit:\n      fetch: {fetch}\n      rules:\n{rules}        - accept: all checks passed\n"
    return text


def test_the_checks_find_all_that_was_planted_and_nothing_else(simulator, receiver):
    scale = simulator("--completion-delay", 0, "--fault-share", 0.4, "--seed", 11)
    running = receiver(configuration(scale))
    client = scaleapi.ScaleClient("live_simulator", api_instance_url=scale.url)
    client.create_project("all", TaskType.TextCollection, params={})
    for batch in ("texts", "surveys"):
        client.create_batch("all", batch)
    own = {**PAYLOADS, TaskType.LidarLinking: LINKING}
    payloads = [(kind.value, payload, "texts" if kind.value == "textcollection" else None) for kind, payload in own.items()]
    payloads.append(("textcollection", SURVEY, "surveys"))

    # All types take their turn; those in which faults are planted inline take half of it.
    judged = [entry for entry in payloads if any(entry[0] in types for types, _ in RULES.values()) and entry[0] not in IN_FILES]
    order = [pool[number // 2 % len(pool)] for number in range(TASKS) for pool in [(payloads, judged)[number % 2]]]

    def create(entry):
        kind, payload, batch = entry
        place = {"project": "all", "batch": batch} if batch else {}
        return client.create_task(TaskType(kind), callback_url=running.url, **place, **payload).id

    # One after the other, so that the seed makes the same tasks each time.
    created = [create(entry) for entry in order]
    wait_until(lambda: scale.get("summary")["callbacks"]["pending"] == 0, "the callbacks", 240)
    wait_until(lambda: not running.rows("deliveries", "list", "--all", "--state", "pending"), "the verdicts", 240)

    books = {row["task_id"]: row for row in scale.pages("tasks")}
    assert set(created) <= set(books)
    shown = verdicts(running)
    planted, found = collections.Counter(), collections.Counter()
    hits, wrong, types = collections.Counter(), [], collections.Counter()
    for task in created:
        row, verdict = books[task], shown.get(task)
        if verdict is None:
            # No handler for its type, because nothing is planted in it.
            assert row["planted_fault"] is None, row
            continue
        fault = row["planted_fault"]
        types[row["type"], fault is not None] += 1
        check = verdict.get("check") if verdict["verdict"] == "reject" else None
        assert verdict["verdict"] in ("accept", "reject"), (row, verdict)
        planted[fault] += 1
        found[check] += 1
        if check == CHECKS.get(fault):
            hits[fault] += 1
        else:
            wrong.append((row["type"], fault, verdict))
    in_files = {kind: (types[kind, True], types[kind, False]) for kind in IN_FILES}
    print(f"tasks {TASKS} of {len({entry[0] for entry in order})} types, judged {len(shown)}; in files (faulty, right) {in_files}")
    for fault in sorted(planted, key=str):
        check = CHECKS.get(fault)
        print(f"{fault}: planted {planted[fault]}, found {found[check]}, precision {hits[fault] / max(1, found[check]):.3f},"
              f" recall {hits[fault] / planted[fault]:.3f}")
    assert not wrong, wrong[:5]
    assert all(faulty and right for faulty, right in in_files.values()), "every type with files, faulty and right"
    assert set(CHECKS) == set(planted) - {None}, "every kind of fault was planted"


def test_without_fetching_files_people_decide(simulator, receiver):
    scale = simulator("--completion-delay", 0, "--fault-share", 0.4, "--seed", 11)
    running = receiver(configuration(scale, fetch="false"))
    client = scaleapi.ScaleClient("live_simulator", api_instance_url=scale.url)
    for _ in range(2):
        for kind in IN_FILES:
            client.create_task(TaskType(kind), callback_url=running.url, **PAYLOADS[TaskType(kind)])
    wait_until(lambda: len(verdicts(running)) == 2 * len(IN_FILES), "the verdicts", 60)
    shown = verdicts(running).values()
    print(f"left without a look into their files: {len(shown)}")
    for verdict in shown:
        assert verdict["verdict"] == "leave" and verdict["error"] == "the annotations are in a file that was not fetched"


def verdicts(running):
    """The verdict on each task that was judged, as the record of its attempt has it."""
    with contextlib.closing(sqlite3.connect(f"file:{running.folder / 'scale-callbacks.db'}?mode=ro", uri=True)) as store:
        rows = store.execute(
            "SELECT event.taskID, attempt.detail FROM attempt JOIN delivery ON delivery.id = attempt.deliveryID"
            " JOIN event ON event.id = delivery.eventID WHERE event.kind = 'completed' AND attempt.detail IS NOT NULL"
        ).fetchall()
    assert len({task for task, _ in rows}) == len(rows), "judged by two handlers, or twice"
    return {task: json.loads(detail) for task, detail in rows}
