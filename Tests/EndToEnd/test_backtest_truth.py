"""What `rules backtest` counts, against what people really decided in the simulator: the same numbers, verdict by verdict."""

import collections
import json
import random
import urllib.request

import pytest
import scaleapi
from scaleapi.tasks import TaskType

from processes import wait_until
from task_payloads import PAYLOADS

TASKS = 300
IMAGE = PAYLOADS[TaskType.ImageAnnotation]
# The second set of rules forgives small boxes, and leaves empty responses.
RULES = """
      rules:
        - { reject: nothing, check: empty }
        - { reject: label, check: label-not-asked-for }
        - { reject: small, check: below-minimum-size }
        - { reject: outside, check: outside-image, width: 1920, height: 1080 }
        - { reject: twice, check: near-duplicate }
        - { leave: attributes are for people, check: attribute-missing }
        - accept: all checks passed
"""
FORGIVING = RULES.replace("        - { reject: small, check: below-minimum-size }\n", "").replace("reject: nothing", "leave: nothing")
CONFIGURATION = """
listen: {{ address: 127.0.0.1:$PORT }}
console: {{ address: 127.0.0.1:$CONSOLE }}
accounts: [{{ name: live, callback-auth-keys: [live_auth_simulator], api-key: live_simulator, url: {url} }}]
handlers:
  - name: judge
    match: {{ project: judged, event: completed }}
    audit: {rules}
"""


def verdict(fault):
    """What the first rules say of a response with this planted fault."""
    return {None: "accept", "attribute-missing": "leave"}.get(fault, "reject")


@pytest.fixture
def decided(simulator, receiver):
    """A log of 300 tasks that were judged in shadow, and of what people decided later; the truth beside it."""
    scale = simulator("--completion-delay", 0, "--fault-share", 0.5, "--seed", 23)
    running = receiver(CONFIGURATION.format(url=scale.url, rules=RULES))
    client = scaleapi.ScaleClient("live_simulator", api_instance_url=scale.url)
    client.create_project("judged", TaskType.ImageAnnotation, params={})
    tasks = [
        client.create_task(TaskType.ImageAnnotation, project="judged", callback_url=running.url, **IMAGE).id
        for _ in range(TASKS)
    ]
    wait_until(lambda: len(running.rows("deliveries", "list", "--all", "--state", "completed")) == TASKS, "the verdicts")

    chance = random.Random(5)
    people = {}
    for task in tasks:
        decision = people[task] = chance.choice(["accepted", "rejected", "fixed", "rejected then accepted", "not_decided"])
        if decision == "fixed":
            scale.post(f"tasks/{task}/fix")
        for word in decision.split(" then ") if "ted" in decision and decision != "not_decided" else []:
            audit(scale, task, word == "accepted")
    wait_until(lambda: scale.get("summary")["callbacks"]["pending"] == 0, "the callbacks")
    faults = {row["task_id"]: row["planted_fault"] for row in scale.pages("tasks")}
    truth = collections.Counter()
    for task in tasks:
        # The last word counts.
        truth[verdict(faults[task]), people[task].split(" then ")[-1]] += 1
    return running, truth, faults, people


def audit(scale, task, accepted):
    request = urllib.request.Request(
        f"{scale.url}/task/{task}/audit", data=json.dumps({"accepted": accepted}).encode(), method="POST",
        headers={"Authorization": "Basic bGl2ZV9zaW11bGF0b3I6", "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=30).close()


def test_the_confusion_table_is_the_truth(decided, tmp_path):
    running, truth, faults, people = decided
    report = json.loads(running.run("rules", "backtest", "--handler", "judge", "--output", "json", "--limit", TASKS).stdout)
    table = {
        (verdict, decision): count for verdict, row in report["decisions"].items() for decision, count in row.items() if count
    }
    print(f"tasks {TASKS}, verdicts {report['verdicts']}, table {dict(sorted(table.items()))}")
    assert table == truth
    assert len(truth) == 12, "every verdict met every decision"

    # An accept that people rejected or fixed, and a reject that they accepted, is a disagreement.
    against = {
        task for task, fault in faults.items()
        if (verdict(fault) == "accept" and people[task] in ("rejected", "fixed"))
        or (verdict(fault) == "reject" and people[task].endswith("accepted"))
    }
    assert {row["task_id"] for row in report["disagreements"]} == against
    assert report["disagreed"] == len(against)

    # What handlers list says of the same verdicts in shadow.
    (row,) = running.rows("handlers", "list")
    print(f"handlers list: {row['agreement']}")
    assert row["agreement"] == {
        "verdicts": TASKS,
        "agreed": truth["accept", "accepted"] + truth["reject", "rejected"] + truth["reject", "fixed"],
        "disagreed": len(against),
        "left": sum(count for (word, _), count in truth.items() if word == "leave"),
        "not_decided": sum(count for (word, decision), count in truth.items() if word != "leave" and decision == "not_decided"),
    }

    # The other rules change what they say of two kinds of faults.
    other = tmp_path / "forgiving.yaml"
    other.write_text(CONFIGURATION.format(url="http://127.0.0.1:9/v1", rules=FORGIVING).replace("$PORT", "0").replace("$CONSOLE", "0"))
    report = json.loads(
        running.run("rules", "backtest", "--handler", "judge", "--against", other, "--output", "json", "--limit", TASKS).stdout
    )
    expected = {task for task, fault in faults.items() if fault in ("too-small", "empty")}
    print(f"changes {report['changes']}")
    assert report["changes"] == len(expected) > 10
    assert {row["task_id"] for row in report["changed"]} == expected
