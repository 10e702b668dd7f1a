"""The whole way, with the official Python SDK as the customer: tasks in, callbacks kept, audits out, exactly once."""

import pathlib
import time

import scaleapi
from scaleapi.tasks import TaskReviewStatus, TaskType

from processes import ROOT, wait_until

RULES = (ROOT / "Samples" / "quickstart" / "rules.yaml").read_text()
CONFIGURATION = f"""
listen: {{ address: 127.0.0.1:$PORT }}
console: {{ address: 127.0.0.1:$CONSOLE }}
lease: 2s
accounts:
  - name: live
    callback-auth-keys: [live_auth_simulator]
    api-key: live_simulator
    url: $SIMULATOR
  - name: test
    callback-auth-keys: [test_auth_simulator]
    api-key: test_simulator
    url: $SIMULATOR
{RULES}"""
TASKS = 200


def test_every_task_is_audited_exactly_once_through_kills_and_duplicates(simulator, receiver):
    # The clock runs 100 times as fast: tasks take about 3 s, the first retry of a callback 150 ms.
    scale = simulator("--clock-scale", 100, "--completion-delay", 300, "--duplicate-share", 0.3, "--seed", 7)
    running = receiver(CONFIGURATION.replace("$SIMULATOR", scale.url))
    client = scaleapi.ScaleClient("live_simulator", api_instance_url=scale.url)

    project = client.create_project("dockyard_vision", TaskType.ImageAnnotation, params={})
    batch = client.create_batch(project.name, "dockyard_a", callback=running.url)
    created = []
    for number in range(TASKS):
        created.append(
            client.create_task(
                TaskType.ImageAnnotation,
                project=project.name,
                batch=batch.name,
                unique_id=f"dockyard/{number}",
                callback_url=running.url,
                attachment=f"https://assets.example.com/{number}.jpg",
                metadata={"number": number, "width": 1920, "height": 1080},
                geometries={
                    "box": {"objects_to_annotate": ["truck", "person"], "min_width": 8, "min_height": 8}
                },
                annotation_attributes={
                    "occlusion": {"type": "category", "description": "Hidden?", "choices": ["0%", "50%"]}
                },
            ).id
        )
    batch.finalize()

    # Killed in the middle: twice while callbacks come in and audits go out.
    for share in (0.2, 0.6):
        wait_until(lambda: scale.get("summary")["audits"] >= TASKS * share, f"{share:.0%} of the audits")
        running.kill()
        running.start()

    # Duplicates on demand, of tasks that were audited long ago.
    for task in created[:10]:
        scale.post(f"tasks/{task}/send-callback?times=3")

    def is_quiet():
        summary = scale.get("summary")
        return summary["audits"] >= TASKS and summary["callbacks"]["pending"] == 0 and not running.rows(
            "deliveries", "list", "--all", "--state", "pending"
        )

    wait_until(is_quiet, "every task audited and every delivery settled", 240)

    books = {row["task_id"]: row for row in scale.pages("tasks")}
    audits = {row["task_id"]: row["audits"] for row in scale.pages("audits")}
    assert len(books) == TASKS
    counts = [len(audits.get(task, [])) for task in created]
    print(f"tasks {TASKS}, audits {sum(counts)}, audited more than once {sum(c > 1 for c in counts)}")
    assert counts == [1] * TASKS

    # The SDK sees what the rules say, and the rules find exactly what the simulator planted.
    seen = {task.id: task for task in client.get_tasks(project.name, batch_name=batch.name, include_attachment_url=False)}
    assert set(seen) == set(created)
    verdicts = {"accepted": 0, "rejected": 0}
    for task in created:
        document = seen[task].as_dict()
        expected = "rejected" if books[task]["planted_fault"] else "accepted"
        assert document["customer_review_status"] == expected, (task, books[task], document)
        assert set(document["tags"]) == {"auto-checked"}
        verdicts[expected] += 1
    print(f"verdicts {verdicts}")
    assert verdicts["accepted"] > 50 and verdicts["rejected"] > 20
    rejected = client.get_tasks(project.name, review_status=[TaskReviewStatus.Rejected], include_attachment_url=False)
    assert sum(1 for _ in rejected) == verdicts["rejected"]

    # No acknowledged callback is missing, however often it was sent.
    assert running.stop() == 0
    events = running.events()
    received = {}
    for event in events:
        received[event["task_id"]] = received.get(event["task_id"], 0) + event["seen"]
    acknowledged = sum(row["acknowledged_callbacks"] for row in books.values())
    missing = {task: row for task, row in books.items() if received.get(task, 0) < row["acknowledged_callbacks"]}
    print(f"callbacks acknowledged {acknowledged}, received {sum(received.values())}, events {len(events)}, missing {len(missing)}")
    assert not missing
    assert acknowledged > TASKS * 2
    assert [event["kind"] for event in events if event["batch"] == "dockyard_a" and event["task_id"] is None] == ["batch"]
    for task in created:
        assert sorted(event["kind"] for event in events if event["task_id"] == task) == ["audit", "completed"]
