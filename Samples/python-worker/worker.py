"""A worker for scale-callbacks in Python: reads one event a line, answers one line each.

It files a short record of each completed task, as an example of what a worker is good for: it opens its database once and
not for every event. Run it by the configuration in scale-callbacks.yaml; try it by hand with

    echo '{"id": 1, "task_id": "t1", "kind": "completed", "callback": {}}' | python3 worker.py records.db
"""

import json
import sqlite3
import sys


def labels(callback):
    """How often each label was given, whatever else the response holds."""
    task = callback.get("task") or {}
    response = callback.get("response") or task.get("response") or {}
    annotations = response.get("annotations") if isinstance(response, dict) else None
    counts = {}
    for annotation in annotations if isinstance(annotations, list) else []:
        label = str(annotation.get("label")) if isinstance(annotation, dict) else "(none)"
        counts[label] = counts.get(label, 0) + 1
    return counts


def handle(event, database):
    """Does the work for one event. The same event may come again, so a repeat must do no harm."""
    if event["task_id"] is None:
        return "completed", "not about a task"
    counts = labels(event["callback"])
    with database:
        database.execute(
            "insert into records values (?, ?, ?) on conflict (task_id) do update set event = excluded.event, labels = excluded.labels"
            " where excluded.event > records.event",
            (event["task_id"], event["id"], json.dumps(counts, sort_keys=True)),
        )
    return "completed", f"filed {sum(counts.values())} annotations of {len(counts)} labels"


def main():
    database = sqlite3.connect(sys.argv[1])
    database.execute("create table if not exists records (task_id text primary key, event integer, labels text)")
    # Ends with standard input, which is closed when the service stops.
    for line in sys.stdin:
        event = json.loads(line)
        try:
            outcome, summary = handle(event, database)
        except sqlite3.OperationalError as error:
            # Such as a locked database: later it may work.
            outcome, summary = "retry", str(error)
        except Exception as error:
            # No event of this kind will ever work; a mistake of ours, which standard error tells of in the service's log.
            print(f"event {event['id']}: {error!r}", file=sys.stderr, flush=True)
            outcome, summary = "dead", repr(error)
        print(json.dumps({"id": event["id"], "outcome": outcome, "summary": summary}), flush=True)


main()
