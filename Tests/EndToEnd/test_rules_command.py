"""Trying rules before they are trusted: `rules schema`, `rules test` and `rules backtest` on stores made by real callbacks."""

import json
import os
import random
import subprocess
import time

import pytest
import scaleapi

from processes import BINARIES, Receiver, wait_until

CONFIGURATION = """
listen: { address: 127.0.0.1:$PORT }
console: { address: 127.0.0.1:$CONSOLE }
accounts:
  - { name: live, callback-auth-keys: [live_auth_simulator], url: "http://127.0.0.1:9/v1" }
handlers:
  - name: check-boxes
    match: { project: "dock_*", event: completed }
    audit:
      mode: shadow
      rules:
        - leave: for people
          when: metadata ->> 'difficult' = 1
        - reject: "There is a {label} (annotation {uuid})."
          find: select label, uuid from annotations where label = 'van'
        - accept: fine
"""
# Rejects small boxes too, and leaves nothing.
STRICTER = """
- reject: "There is a {label}."
  find: select label from annotations where label = 'van' or area < 100
- accept: fine
"""
REVIEWS = [None, "accepted", "rejected", "fixed", "commented"]
SEED = int(os.environ.get("SEED", "4711"))


def task(number, label="truck", size=50, project="dock_a", metadata=None, completed=0):
    """A completed task with one box, as Scale posts it."""
    response = {
        "annotations": [
            {"type": "box", "label": label, "left": 1, "top": 2, "width": size, "height": size, "uuid": f"u{number}"}
        ]
    }
    inner = {
        "task_id": f"{number:024x}", "type": "imageannotation", "status": "completed", "project": project,
        "completed_at": f"2026-03-01T10:00:{completed:02d}.000Z", "created_at": "2026-03-01T09:00:00.000Z",
        "params": {"geometries": {"box": {"objects_to_annotate": ["truck", "van"]}}}, "metadata": metadata or {},
        "response": response,
    }
    return {"task": inner, "response": response, "task_id": inner["task_id"], "status": "completed"}


def audited(body, review, minute=30):
    """The callback that follows when a customer says so."""
    body = json.loads(json.dumps(body))
    time = f"2026-03-02T10:{minute:02d}:00.000Z"
    body["task"] |= {"customer_review_status": review, "customer_audited_at": time, "updated_at": time}
    if review == "fixed":
        body["task"]["prior_responses"] = [json.loads(json.dumps(body["response"]))]
        body["response"]["is_customer_fix"] = body["task"]["response"]["is_customer_fix"] = True
        body["response"]["annotations"][0]["label"] = body["task"]["response"]["annotations"][0]["label"] = "truck"
    return body


def post(running, body):
    assert running.post(json.dumps(body).encode()) == 200


def run(*arguments, folder, input=None, timeout=60, environment=None):
    return subprocess.run(
        [str(BINARIES / "scale-callbacks"), *map(str, arguments)], cwd=folder, input=input, capture_output=True,
        timeout=timeout, env={"PATH": os.environ["PATH"], **(environment or {})},
    )


def document(result):
    assert result.returncode == 0, result.stderr.decode()
    return json.loads(result.stdout)


def verdict(label, size, difficult, stricter):
    if stricter:
        return "reject" if label == "van" or size * size < 100 else "accept"
    return "leave" if difficult else "reject" if label == "van" else "accept"


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """A store of 300 tasks whose truth is known, judged in shadow while they came; the folder and the truth."""
    folder = tmp_path_factory.mktemp("log")
    running = Receiver(folder, CONFIGURATION).start()
    chance = random.Random(SEED)
    truth = []
    for number in range(300):
        label, size = chance.choice(["truck", "van"]), chance.choice([5, 50])
        difficult, review = chance.random() < 0.2, chance.choice(REVIEWS)
        project = "dock_a" if number % 10 else "elsewhere"
        body = task(number, label, size, project, {"difficult": 1} if difficult else None)
        truth.append((label, size, difficult, review, project, body["task_id"]))
        # What comes in the wrong order is the same truth.
        later = [body] if review is None else [body, audited(body, review)]
        if chance.random() < 0.1:
            later.reverse()
        for callback in later:
            post(running, callback)
    wait_until(lambda: not running.rows("deliveries", "list", "--all", "--state", "pending"), "deliveries settled")
    yield folder, truth, running
    assert running.stop() == 0


def confusion(truth, stricter=False):
    counts = {v: {d: 0 for d in ["accepted", "rejected", "fixed", "not_decided"]} for v in ["accept", "reject", "leave"]}
    for label, size, difficult, review, project, _ in truth:
        if project == "dock_a":
            decision = review if review in ("accepted", "rejected", "fixed") else "not_decided"
            counts[verdict(label, size, difficult, stricter)][decision] += 1
    return counts


def disagreements(truth):
    return {
        id for label, size, difficult, review, project, id in truth
        if project == "dock_a"
        and (verdict(label, size, difficult, False), review)
        in {("accept", "rejected"), ("accept", "fixed"), ("reject", "accepted")}
    }


def test_the_confusion_table_equals_the_truth(log):
    folder, truth, _ = log
    found = document(run("rules", "backtest", "--handler", "check-boxes", "--config", "receiver.yaml",
                         "--output", "json", "--limit", "1000", folder=folder))
    assert found["decisions"] == confusion(truth)
    assert found["events"] == 300 and found["not_taken"] == 30 and found["judged"] == 270
    assert {row["task_id"] for row in found["disagreements"]} == disagreements(truth)
    assert found["disagreed"] == len(disagreements(truth))
    assert all(row["link"] == f"http://127.0.0.1:9/v1/task/{row['task_id']}" for row in found["disagreements"])
    numbers = [row["event_id"] for row in found["disagreements"]]
    assert numbers == sorted(numbers, reverse=True)
    assert sum(rule["applied"] for rule in found["rules"]) == 270
    assert found["rules"][1]["applied"] == sum(found["decisions"]["reject"].values())
    assert found["changes"] is None
    print(f"disagreements={found['disagreed']} agreed={found['agreed']} of 270 verdicts, seed {SEED}")


def test_json_lines_hold_every_finding_and_the_summary_last(log):
    folder, truth, _ = log
    result = run("rules", "backtest", "--config", "receiver.yaml", "--output", "jsonl", "--limit", "1", folder=folder)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["kind"] for line in lines[-1:]] == ["summary"]
    assert {line["task_id"] for line in lines[:-1]} == disagreements(truth)
    assert all(line["kind"] == "disagreement" for line in lines[:-1])


@pytest.mark.parametrize("way", ["against", "in force"])
def test_what_would_change_is_told_with_its_tasks(log, way):
    folder, truth, _ = log
    (folder / "stricter.yaml").write_text(STRICTER)
    arguments = ["rules", "backtest", "--handler", "check-boxes", "--config", "stricter.yaml", "--output", "json",
                 "--limit", "1000"]
    if way == "against":
        result = run(*arguments, "--against", "receiver.yaml", folder=folder)
    else:
        result = run(*arguments, folder=folder, environment={"SCALE_CALLBACKS_CONFIG": "receiver.yaml"})
    found = document(result)
    expected = {
        id: (verdict(label, size, difficult, False), verdict(label, size, difficult, True))
        for label, size, difficult, _, project, id in truth
        if project == "dock_a" and verdict(label, size, difficult, False) != verdict(label, size, difficult, True)
    }
    assert expected and found["changes"] == len(expected)
    rows = {row["task_id"]: (row["before"]["verdict"], row["judgement"]["verdict"]) for row in found["changed"]}
    assert rows == expected
    assert found["decisions"] == confusion(truth, stricter=True)
    print(f"{len(expected)} of 270 would change")


def test_selections_narrow_the_log(log):
    folder, truth, _ = log

    def events(*options):
        return document(run("rules", "backtest", "--config", "receiver.yaml", "--output", "json", *options,
                            folder=folder))["events"]

    assert events("--project", "elsewhere") == 30
    assert events("--project", "elsewhere", "--project", "dock_a") == 300
    assert events("--since", "1h") == 300
    assert events("--until", "1h") == 0
    assert events("--since", "1ms") == 0


def test_a_person_sees_tables(log):
    folder, truth, _ = log
    result = run("rules", "backtest", "--config", "receiver.yaml", "--limit", "3", folder=folder)
    text = result.stdout.decode()
    assert result.returncode == 0 and result.stderr == b""
    counts = confusion(truth)
    for name in ["accept", "reject", "leave"]:
        row = next(line for line in text.splitlines() if line.split()[:1] == [name])
        assert [int(cell) for cell in row.split()[1:]] == [*counts[name].values(), sum(counts[name].values())]
    assert f"The newest 3 of {len(disagreements(truth))} disagreements:" in text


def test_the_list_of_handlers_tells_how_far_people_agree(log):
    folder, truth, running = log
    (row,) = running.rows("handlers", "list")
    counts = confusion(truth)
    decided = {v: counts[v]["accepted"] + counts[v]["rejected"] + counts[v]["fixed"] for v in counts}
    # A completion that comes after its audit is stale, and not judged.
    assert 200 < row["agreement"]["verdicts"] <= 270
    assert 0 < row["agreement"]["disagreed"] <= len(disagreements(truth))
    assert row["agreement"]["agreed"] + row["agreement"]["disagreed"] <= decided["accept"] + decided["reject"]
    assert "not decided" in running.run("handlers", "list").stdout.decode()


def test_a_verdict_is_shown_in_words_and_whole_in_json(log):
    folder, truth, running = log
    id = next(entry[-1] for entry in truth if entry[0] == "van" and not entry[2] and entry[3] is None and entry[4] == "dock_a")
    text = running.run("task", "show", id).stdout.decode()
    number = int(id, 16)
    assert f"  verdict: reject by rule 2 (line 14): There is a van (annotation u{number})." in text
    assert f"  evidence: label: van, uuid: u{number}" in text
    assert "  mode: shadow" in text and "  answer: Scale was not asked" in text and "{" not in text
    (row,) = running.rows("task", "show", id)
    detail = row["deliveries"][0]["attempts"][0]["detail"]
    assert detail["evidence"] == [{"label": "van", "uuid": f"u{number}"}]
    assert (detail["verdict"], detail["rule"], detail["condition"]) == ("reject", 2, "find")


def test_one_event_is_judged_with_what_became_of_each_rule(log):
    folder, truth, running = log
    number = next(index for index, entry in enumerate(truth) if entry[0] == "van" and not entry[2] and entry[4] == "dock_a")
    event = next(row["id"] for row in running.events() if row["task_id"] == truth[number][-1] and row["kind"] == "completed")
    found = document(run("rules", "test", "receiver.yaml", "--event", event, "--config", "receiver.yaml",
                         "--output", "json", folder=folder))
    assert [rule["result"] for rule in found["rules"]] == ["did not apply", "applied", "not asked"]
    assert [rule["line"] for rule in found["rules"]] == [12, 14, 16]
    assert found["verdict"] == "reject" and found["rules"][1]["rows"] == 1 and found["is_judged"] is True
    text = run("rules", "test", "receiver.yaml", "--event", event, folder=folder).stdout.decode()
    assert "verdict: reject by rule 2 (line 14)" in text and "not asked" in text
    # The same body from a file and from a pipe, by rules alone.
    body = running.run("events", "raw", event).stdout
    (folder / "payload.json").write_bytes(body)
    (folder / "stricter.yaml").write_text(STRICTER)
    for arguments, given in [(["--file", "payload.json"], None), (["-"], body), (["--file", "-"], body)]:
        found = document(run("rules", "test", "stricter.yaml", *arguments, "--output", "json", folder=folder, input=given))
        assert (found["verdict"], found["rule"]) == ("reject", 1), arguments
    # A task as the API gives it is one too.
    alone = json.dumps(json.loads(body)["task"]).encode()
    assert document(run("rules", "test", "stricter.yaml", "-", "--output", "json", folder=folder, input=alone))["rule"] == 1


def test_what_the_service_would_not_judge_is_said_clearly(tmp_path):
    (tmp_path / "r.yaml").write_text(STRICTER)
    body = json.dumps(audited(task(1), "rejected")).encode()
    result = run("rules", "test", "r.yaml", "-", "--output", "json", folder=tmp_path, input=body)
    assert document(result)["is_judged"] is False
    assert b'of kind "audit" (status completed, rejected): the service judges completed' in result.stderr
    for other in [{"batch": "b", "status": "completed", "stats": {}}, {"anything": 1}, [], 7]:
        result = run("rules", "test", "r.yaml", "-", folder=tmp_path, input=json.dumps(other).encode())
        assert result.returncode == 1 and b"about no task" in result.stderr, other


@pytest.mark.parametrize("rules, message", [
    ("- reject: a\n  find: select nobody from annotations\n", b'r.yaml:1: handler "rules", rule 1: no such column: nobody'),
    ("- accept: a\n  check: emptey\n", b"there is no check 'emptey'"),
    ("- accept: a\n- reject: b\n  when: attach database 'x' as y\n", b"r.yaml:2: "),
    ("- accept: a\n  wehn: 1\n", b'unknown key "wehn"; did you mean "when"?'),
    ("rules: []\n", b'"rules" must be a list with at least one rule'),
    ("handlers: []\n", b"there is no audit handler in it"),
    ("- reject: {a: b}\n", b'"reject" must be a single value'),
    ("just text", b"there are no rules in it"),
    ("", b"the file is empty"),
    ("[[[[", b"this is not YAML"),
    ("- reject: a\n  find: with recursive n(x) as (select 1 union all select x + 1 from n) select * from n where x < 0\n",
     b"ran longer than"),
])
def test_broken_rules_end_with_78_and_their_line(tmp_path, rules, message):
    (tmp_path / "r.yaml").write_text(rules)
    for arguments in (["test", "r.yaml", "-"], ["backtest", "--config", "r.yaml"]):
        result = run("rules", *arguments, folder=tmp_path, input=b"{}")
        assert result.returncode == 78, result.stderr
        assert message in result.stderr and result.stdout == b""


def test_what_is_not_there_is_told(log):
    folder, _, _ = log
    cases = [
        (["test", "receiver.yaml", "--event", "99999"], 2, b"There is no event 99999."),
        (["test", "receiver.yaml", "--event", "1", "--handler", "nobody"], 78, b'it has "check-boxes"'),
        (["test", "nothing.yaml", "--event", "1"], 78, b"cannot be read"),
        (["test", "receiver.yaml", "--file", "nothing.json"], 74, b"cannot be read"),
        (["test", "receiver.yaml", "--file", "."], 74, b"cannot be read"),
        (["test", "receiver.yaml"], 64, b"Give one callback"),
        (["test", "receiver.yaml", "-", "--event", "1"], 64, b"Give one callback"),
        (["backtest", "--since", "soon"], 64, b"--since must be a time"),
        (["backtest", "--config", "receiver.yaml", "--handler", "nobody"], 78, b'it has "check-boxes"'),
        (["backtest", "--config", "receiver.yaml", "--store", "nothing.db"], 74, b"There is no store"),
    ]
    for arguments, code, message in cases:
        result = run("rules", *arguments, folder=folder, input=b"")
        assert (result.returncode, message in result.stderr) == (code, True), (arguments, result.stderr)


HOSTILE = {
    "nothing": b"", "broken": b'{"task":', "two": b"{} {}", "binary": bytes(range(256)) * 50, "no UTF-8": b'{"a":"\xff"}',
    "deep": b"[" * 200_000, "deep and whole": b'{"task_id":"a","task":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "keys twice": b'{"task_id":"a","task_id":"b"}', "NUL": b'{"task_id":"a\\u0000"}', "huge": b" " * (65 << 20),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_payload_is_refused_in_words(tmp_path, name):
    (tmp_path / "r.yaml").write_text(STRICTER)
    result = run("rules", "test", "r.yaml", "-", folder=tmp_path, input=HOSTILE[name])
    assert result.returncode in (0, 1), result.stderr
    assert len(result.stderr) < 1000 and b"Fatal" not in result.stderr
    assert result.returncode == 0 or result.stderr.strip()


@pytest.mark.parametrize("condition", [
    "find: with recursive n(x) as (select 1 from annotations union all select x + 1 from n) select max(x) from n",
    "find: select group_concat(hex(a.json || b.json || c.json || d.json)) from annotations a, annotations b, annotations c, annotations d",
    "when: text_of(annotations)",
    "find: select load_extension('x') from annotations",
    "find: pragma table_list",
    "find: select 1; drop table annotations",
    "when: (select sum(1) from json_tree(response) a, json_tree(response) b, json_tree(response) c, json_tree(response) d) > 5",
    "find: select 1 from annotations where json regexp '(a*)*b'",
])
def test_rules_that_run_away_or_reach_out_are_stopped_in_under_a_second(tmp_path, condition):
    (tmp_path / "r.yaml").write_text(f"- reject: a\n  {json.dumps(condition.partition(': ')[0])}: {json.dumps(condition.partition(': ')[2])}\n")
    body = task(1)
    body["response"]["annotations"] = body["task"]["response"]["annotations"] = body["response"]["annotations"] * 150
    start = time.monotonic()
    processor = os.times()
    result = run("rules", "test", "r.yaml", "-", "--output", "json", folder=tmp_path, input=json.dumps(body).encode())
    spent = os.times()
    processor = spent.children_user + spent.children_system - processor.children_user - processor.children_system
    assert result.returncode in (0, 78), result.stderr
    if result.returncode == 0:
        assert json.loads(result.stdout)["verdict"] in ("leave", "reject")
    # The machine may be busy, so what counts is what the program itself took: compiling, trying and judging.
    assert processor < 1.0, f"{processor} s of processor time, {time.monotonic() - start} s"
    print(f"{condition[:40]}: {result.returncode}, {processor:.2f} s")


def test_a_back_test_bounds_the_memory_of_rules(log):
    folder, truth, _ = log
    hungry = next(entry[-1] for entry in truth if entry[4] == "dock_a")
    sql = (f"with recursive n(i, t) as (select 1, (select json from annotations, task where task_id = '{hungry}') union"
           " select i + 1, t || i from n where t is not null and i < 30000) select count(*) as c from n having c > 1")
    (folder / "hungry.yaml").write_text(f"- reject: a\n  find: {json.dumps(sql)}\n- accept: b\n")
    found = document(run("rules", "backtest", "--config", "hungry.yaml", "--store", "scale-callbacks.db", "--output", "json", folder=folder))
    undecided = [(rule["undecided"], rule["mostly_because"]) for rule in found["rules"] if rule["undecided"]]
    print(found["rules"])
    assert undecided == [(1, "the rule took more than 128 MB of memory")]


def test_our_own_audits_are_no_decisions_of_people(simulator, receiver, tmp_path):
    scale = simulator("--fault-share", "0", "--completion-delay", "0.1")
    running = receiver(f"""
listen: {{ address: 127.0.0.1:$PORT }}
console: {{ address: 127.0.0.1:$CONSOLE }}
accounts:
  - {{ name: live, callback-auth-keys: [live_auth_simulator], api-key: live_simulator, url: {scale.url} }}
handlers:
  - name: judge
    match: {{ event: completed }}
    audit: {{ mode: live, rules: [{{ accept: fine }}] }}
""")
    client = scaleapi.ScaleClient("live_simulator", source="end-to-end", api_instance_url=scale.url)
    ids = [
        client.create_task(
            scaleapi.TaskType.ImageAnnotation, callback_url=running.url, attachment="https://assets.example.com/a.jpg",
            geometries={"box": {"objects_to_annotate": ["truck"]}},
        ).id
        for _ in range(8)
    ]
    wait_until(lambda: sum(row["kind"] == "audit" for row in running.events()) >= 8, "our own audits called back")

    def decisions():
        found = document(run("rules", "backtest", "--config", "receiver.yaml", "--output", "json", folder=tmp_path))
        return found["decisions"]["accept"]

    wait_until(lambda: decisions() == {"accepted": 0, "rejected": 0, "fixed": 0, "not_decided": 8}, "nobody has decided")
    for number, id in enumerate(ids[:5]):
        path = f"tasks/{id}/fix" if number == 4 else None
        if path is None:
            client.api.post_request(f"task/{id}/audit", {"accepted": number >= 3, "comments": "by a person"})
        else:
            scale.post(path)
    wait_until(
        lambda: decisions() == {"accepted": 1, "rejected": 3, "fixed": 1, "not_decided": 3}, "what people decided", 60
    )
    (row,) = running.rows("handlers", "list")
    assert row["agreement"] == {"verdicts": 8, "agreed": 1, "disagreed": 4, "not_decided": 3, "left": 0}
