"""Every answer that Scale may give to the calls of handlers: what becomes of the delivery, and one effect in the end."""

import collections
import concurrent.futures
import json

import scaleapi
from scaleapi.tasks import TaskType

from processes import wait_until

# What `fail-next` is told. A client tries a call that may be repeated four times before a delivery fails.
ANSWERS = {
    "400": {"status": 400},
    "401": {"status": 401},
    "402": {"status": 402},
    "403": {"status": 403},
    "404": {"status": 404},
    "409": {"status": 409},
    "429": {"status": 429},
    "429, after 1 s": {"status": 429, "retry_after": 1},
    "429, four times": {"status": 429, "times": 4},
    "500": {"status": 500, "times": 4},
    "503": {"status": 503, "times": 4},
    "503, after 60 s": {"status": 503, "retry_after": 60},
    "522 in HTML": {"status": 522, "times": 4},
    "truncated": {"truncated": True, "times": 4},
    "malformed": {"malformed": True},
    "reset": {"reset": True, "times": 4},
    "none": {"status": 503, "delay": 60},
}
# The work is done, the answer says otherwise.
LOST = {"500": {"status": 500}, "503": {"status": 503}, "522 in HTML": {"status": 522}, "reset": {"reset": True}}

HELD = "held"
DEAD = "dead, rejected"
AGAIN = "again, unavailable"
DONE = "completed"

# What becomes of the attempts, the last of which is the one after recovery, and how often the spoiled call was sent.
REPEATABLE = {
    **dict.fromkeys(("401", "402", "403"), ([HELD, DONE], 2)),
    **dict.fromkeys(("400", "404", "409"), ([DEAD, DONE], 2)),
    **dict.fromkeys(("429", "429, after 1 s"), ([DONE], 2)),
    **dict.fromkeys(("429, four times", "500", "503", "522 in HTML", "truncated", "reset"), ([AGAIN, DONE], 5)),
    **dict.fromkeys(("503, after 60 s", "malformed"), ([AGAIN, DONE], 2)),
    # The call that waits in vain is in no journal.
    "none": ([AGAIN, DONE], 1),
}
# An audit is never sent twice without asking in between, but for 429, which says that it was not taken.
AUDIT = {
    **REPEATABLE,
    **dict.fromkeys(("500", "503", "522 in HTML", "reset"), ([AGAIN] * 4 + [DONE], 5)),
    **dict.fromkeys(("truncated", "malformed"), ([DONE], 1)),
}

# The tag is set although the answer could not be read: the next attempt asks, and there is nothing to do.
TAG = REPEATABLE | {"truncated": ([AGAIN, DONE], 4), "malformed": ([AGAIN, DONE], 1)}


class Case:
    """One call that gets one answer: a project, a handler and a task of its own."""

    METHODS = {"ask": "GET", "audit": "POST", "tag": "PUT"}

    def __init__(self, call, answer, order, expected):
        (self.call, self.answer, self.order, self.expected) = (call, answer, order, expected)
        self.name = f"{call}-{answer}".replace(" ", "_").replace(",", "")
        # After a 429 all calls of an account wait, so those have an account of their own.
        self.account = "test" if answer.startswith("429") else "live"
        self.task = None

    @property
    def handler(self):
        work = "tags: { add: [checked] }" if self.call == "tag" else "audit: { mode: live, rules: [{ accept: all checks passed }] }"
        timeout = "4s" if self.answer == "none" else "1m"
        return f"""
  - name: {self.name}
    match: {{ project: {self.name}, event: completed }}
    timeout: {timeout}
    retries: {{ first-delay: 200ms }}
    {work}"""

    def path(self):
        return {"ask": f"/task/{self.task}", "audit": f"/task/{self.task}/audit", "tag": f"/task/{self.task}/tags"}[self.call]


def cases():
    for call, table in (("ask", REPEATABLE), ("audit", AUDIT), ("tag", TAG)):
        for answer, order in ANSWERS.items():
            yield Case(call, answer, order, table[answer])
    for answer, order in LOST.items():
        yield Case("audit", f"{answer}, but done", {**order, "after_effect": True}, ([AGAIN, DONE], 1))


CONFIGURATION = """
listen: { address: 127.0.0.1:$PORT }
console: { address: 127.0.0.1:$CONSOLE }
accounts:
  - { name: live, callback-auth-keys: [live_auth_simulator], api-key: live_simulator, url: $SIMULATOR }
  - { name: test, callback-auth-keys: [test_auth_simulator], api-key: test_simulator, url: $SIMULATOR }
handlers:"""


def test_each_answer_has_its_consequence_and_each_task_one_effect(simulator, receiver):
    # Tasks wait for some seconds until they are completed, in which the answers can be ordered.
    scale = simulator("--completion-delay", 5, "--test-completion-delay-ms", 5000, "--fault-share", 0)
    table = list(cases())
    running = receiver(CONFIGURATION.replace("$SIMULATOR", scale.url) + "".join(case.handler for case in table))
    clients = {
        mode: scaleapi.ScaleClient(f"{mode}_simulator", api_instance_url=scale.url) for mode in ("live", "test")
    }

    def create(case):
        client = clients[case.account]
        client.create_project(case.name, TaskType.ImageAnnotation, params={})
        case.task = client.create_task(
            TaskType.ImageAnnotation,
            project=case.name,
            callback_url=running.url,
            attachment="https://assets.example.com/quay.jpg",
            geometries={"box": {"objects_to_annotate": ["truck"], "min_width": 8, "min_height": 8}},
        ).id
        scale.post("fail-next", {"path_contains": case.path(), "method": case.METHODS[case.call], **case.order})

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(create, table))

    def deliveries():
        return {row["handler"]: row for row in running.rows("deliveries", "list", "--all")}

    def held():
        return {row["name"] for row in running.rows("handlers", "list") if row["held_at"]}

    # All that needs nobody goes its way; the others wait where they should.
    waiting = {case.name for case in table if case.expected[0][0] in (HELD, DEAD) or case.answer == "503, after 60 s"}

    def has_come_to_rest():
        rows = deliveries()
        done = {name for name, row in rows.items() if row["state"] == "completed"}
        return len(rows) == len(table) and done == set(rows) - waiting and all(
            row["attempts"] > 0 and not row["is_leased"] for row in rows.values()
        )

    wait_until(has_come_to_rest, "all are settled or wait", 60)
    rest = deliveries()
    assert held() == {case.name for case in table if case.expected[0][0] == HELD}
    for case in table:
        row = rest[case.name]
        if case.expected[0][0] == HELD:
            assert (row["state"], row["failures"]) == ("pending", 0), row
        elif case.expected[0][0] == DEAD:
            assert (row["state"], row["failure_class"]) == ("dead", "rejected"), row
        elif case.answer == "503, after 60 s":
            assert (row["state"], row["failures"]) == ("pending", 1), row

    # People mend what is theirs to mend.
    for name in held():
        running.run("handlers", "resume", name)
    running.run("deliveries", "retry", "--state", "dead", "--state", "pending", "--yes")
    wait_until(lambda: {row["state"] for row in deliveries().values()} == {"completed"}, "all are completed")

    def history(case):
        """How each attempt of its delivery ended."""
        event = rest[case.name]["event_id"]
        (delivery,) = json.loads(running.run("events", "show", event, "--output", "json").stdout)["deliveries"]
        words = {"released": HELD, "completed": DONE}
        return [
            words.get(attempt["outcome"]) or f"{attempt['outcome']}, {attempt['failure_class']}".replace("retry", "again")
            for attempt in delivery["attempts"]
        ]

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        histories = dict(zip(table, pool.map(history, table)))
    sent = collections.Counter((method, path.removeprefix("/v1").split("?")[0]) for method, path, _ in scale.requests())
    audits = {row["task_id"]: row["audits"] for row in scale.pages("audits")}
    tags = {case.task: clients[case.account].get_task(case.task).as_dict()["tags"] for case in table if case.call == "tag"}

    wrong = []
    print(f"{'call':6} {'answer of Scale':22} {'calls':>5} {'effects':>7}  attempts")
    for case in table:
        calls = sent[case.METHODS[case.call], case.path()]
        effects = tags[case.task].count("checked") if case.call == "tag" else len(audits.get(case.task, []))
        found = (histories[case], calls, effects)
        print(f"{case.call:6} {case.answer:22} {calls:5} {effects:7}  {' > '.join(histories[case])}")
        if found != (*case.expected, 1):
            wrong.append((case.name, found, case.expected))
    assert not wrong, wrong
