"""Live audits stay in hand: loops, limits, holds, promotions and replays, counted in the simulator's own books."""

import json

import pytest
import scaleapi
from scaleapi.tasks import TaskType

from processes import LIVE_AUTH_KEY, wait_until

CONFIGURATION = """
listen: { address: 127.0.0.1:$PORT }
console: { address: 127.0.0.1:$CONSOLE }
lease: 2s
accounts:
  - { name: live, callback-auth-keys: [live_auth_simulator], api-key: live_simulator, url: $SIMULATOR }
handlers:
  - name: judge
    match: { $MATCH }
    retries: { first-delay: 100ms }
    audit:
      mode: $MODE
      limits: { $LIMITS }
      rules: [{ $RULE: "so it is" }]
"""


class Setting:
    """A simulator and a receiver with one audit handler."""

    def __init__(self, simulator, receiver, mode="live", limits="per-task: 2", rule="reject", match="event: completed"):
        self.scale = simulator("--completion-delay", 0, "--fault-share", 0)
        self.text = CONFIGURATION.replace("$SIMULATOR", self.scale.url).replace("$MATCH", match)
        self.running = receiver(self.configured(mode, limits, rule))
        self.client = scaleapi.ScaleClient("live_simulator", api_instance_url=self.scale.url)

    def configured(self, mode, limits, rule):
        return self.text.replace("$MODE", mode).replace("$LIMITS", limits).replace("$RULE", rule)

    def restart(self, mode="live", limits="per-task: 2", rule="reject"):
        self.running.configuration = self.configured(mode, limits, rule)
        self.running.start()

    def create(self, count=1):
        return [
            self.client.create_task(
                TaskType.ImageAnnotation,
                callback_url=self.running.url,
                attachment="https://assets.example.com/quay.jpg",
                geometries={"box": {"objects_to_annotate": ["truck"], "min_width": 8, "min_height": 8}},
            ).id
            for _ in range(count)
        ]

    def audits(self, task=None):
        """How many audits Scale was sent, by its own books."""
        rows = [row for row in self.scale.pages("audits") if task in (None, row["task_id"])]
        return sum(len(row["audits"]) for row in rows)

    def deliveries(self, **filters):
        return [
            row
            for row in self.running.rows("deliveries", "list", "--all")
            if all(row[key] == value for key, value in filters.items())
        ]

    def settled(self, count):
        """Waits until so many deliveries are there and none waits any more."""
        wait_until(
            lambda: (rows := self.deliveries()) and len(rows) == count and all(row["state"] != "pending" for row in rows),
            f"{count} deliveries are settled",
            60,
        )

    def handler(self):
        return self.running.rows("handlers", "list")[0]

    def held(self, word):
        wait_until(lambda: word in (self.handler()["held_reason"] or ""), f"held: {word}", 60)

    def events(self, count):
        wait_until(lambda: len(self.running.events()) >= count, f"{count} events", 60)

    def redo(self, task, events):
        """Takes the task back to work; Scale calls back when it is done again."""
        self.scale.post(f"tasks/{task}/recall")
        self.events(events)


def test_the_callback_of_an_audit_causes_no_audit(simulator, receiver):
    setting = Setting(simulator, receiver, limits="per-task: none", match="account: live")
    tasks = setting.create(3)
    # One delivery for the work, one for our own audit, and then it is quiet.
    setting.settled(6)
    for row in [row for row in setting.running.events() if row["kind"] == "audit"]:
        body = json.loads(setting.running.run("events", "raw", row["id"]).stdout)
        body["task"]["customer_audited_at"] = "2099-01-01T00:00:00.000Z"
        assert setting.running.post(json.dumps(body).encode()) == 200
    setting.settled(9)
    assert [setting.audits(task) for task in tasks] == [1, 1, 1]
    assert sum(row["summary"] == "not a completed task" for row in setting.deliveries()) == 6


def test_reject_and_redo_end_at_the_limit_of_a_task(simulator, receiver):
    setting = Setting(simulator, receiver)
    (task,) = setting.create()
    # Each round is a callback of the work, and one of our own audit, which causes no other.
    setting.settled(1)
    assert setting.audits(task) == 1
    setting.events(2)
    rounds = []
    for number in range(4):
        done = len(setting.deliveries())
        setting.scale.post(f"tasks/{task}/recall")
        setting.settled(done + 1)
        rounds.append(setting.audits(task))
        if number == 1:
            setting.running.kill()
            setting.restart()
    assert rounds == [2, 2, 2, 2]
    verdicts = [row["summary"] for row in setting.deliveries()]
    assert sum(summary.startswith("leave: limit per-task: 2 audits") for summary in verdicts) == 3, verdicts
    # Nor does a replay, even one that is to repeat effects.
    counted = setting.running.run("replay", "--handler", "judge", "--since", "1h").stdout.decode()
    assert "again 3, skipped because they had an effect 2" in counted, counted
    before = len(setting.deliveries())
    setting.running.run("replay", "--handler", "judge", "--repeat-effects", "--yes")
    setting.settled(before + 5)
    assert setting.audits(task) == 2
    print(f"audits after each round: {rounds}, after the replay: {setting.audits(task)}")


def test_a_kill_while_audits_are_sent_repeats_none(simulator, receiver):
    setting = Setting(simulator, receiver, rule="accept")
    # Answers are slow, so that the process dies between a claim and its answer.
    setting.scale.turn(slow_answer_share=0.5, slow_seconds=0.3)
    tasks = setting.create(12)
    for count in (2, 5, 8):
        wait_until(lambda: setting.audits() >= count, f"{count} audits", 60)
        setting.running.kill()
        setting.running.start()
    setting.settled(12)
    assert [setting.audits(task) for task in tasks] == [1] * 12
    # Nothing is left for a replay.
    result = setting.running.run("replay", "--handler", "judge", "--yes", check=False)
    assert result.returncode == 2 and "skipped because they had an effect 12" in result.stdout.decode(), result.stdout
    print(f"audits: {setting.audits()} of 12 tasks, 3 kills")


def test_past_the_limit_of_an_hour_the_handler_is_held_until_it_is_resumed(simulator, receiver):
    setting = Setting(simulator, receiver, limits="per-hour: 3", rule="accept")
    setting.create(8)
    setting.held("limit per-hour: 3 audits were sent within an hour")
    assert setting.audits() == 3
    waiting = setting.deliveries(state="pending")
    assert len(waiting) == 5 and all("per-hour" in row["held_reason"] for row in waiting)
    # A restart is no resume.
    setting.running.kill()
    setting.running.start()
    assert "per-hour" in setting.handler()["held_reason"] and setting.audits() == 3
    setting.running.run("handlers", "resume", "judge")
    setting.held("per-hour")
    assert setting.audits() == 6
    setting.running.run("handlers", "resume", "judge")
    setting.settled(8)
    assert setting.audits() == 8 and setting.handler()["held_reason"] is None


def test_too_many_rejects_hold_the_handler(simulator, receiver):
    setting = Setting(simulator, receiver, limits="reject-ratio: 20% over 10")
    setting.create(6)
    setting.held("limit reject-ratio: this would be reject 3 among the last 10 audits, and 2 are allowed")
    assert setting.audits() == 2


def test_the_kill_switch_holds_everything_and_lasts(simulator, receiver):
    setting = Setting(simulator, receiver, rule="accept")
    running = setting.running
    running.run("handlers", "pause", "--all", "--reason", "something is wrong")
    (task,) = setting.create()
    setting.events(1)
    assert "something is wrong" in setting.handler()["held_reason"]
    # A handler that comes later is held as well, and so is all after a crash.
    running.kill()
    late = '  - { name: late, match: { event: completed }, file: { path: "dump/{event_id}.json" } }\n'
    running.configuration += late
    running.start()
    (other,) = setting.create()
    setting.events(2)
    rows = setting.deliveries()
    assert [row["state"] for row in rows] == ["pending"] * 3 and all(row["attempts"] == 0 for row in rows)
    assert all(row["held_reason"] == "all handlers: something is wrong" for row in rows)
    shown = running.run("task", "show", task).stdout.decode()
    assert "held: all handlers: something is wrong" in shown
    # Resuming one of them changes nothing but says so.
    assert b"All handlers are held still" in running.run("handlers", "resume", "late").stderr
    assert setting.audits() == 0
    running.run("handlers", "resume", "--all")
    setting.settled(3)
    assert (setting.audits(task), setting.audits(other)) == (1, 1)
    assert running.run("handlers", "resume", "--all", check=False).returncode == 2
    # Without a service it works on the store.
    running.stop()
    running.run("handlers", "pause", "--all")
    assert "all handlers" in setting.handler()["held_reason"]


def test_what_is_in_flight_stops_before_its_effect(simulator, receiver):
    setting = Setting(simulator, receiver, rule="accept")
    # Scale is asked for its copy, and answers late.
    (first,) = setting.create()
    setting.settled(1)
    setting.scale.turn(slow_answer_share=1, slow_seconds=3)
    (task,) = setting.create()
    wait_until(lambda: setting.deliveries(is_leased=True), "it runs", 60)
    setting.running.run("handlers", "pause", "--all", "--reason", "stop")
    wait_until(lambda: not setting.deliveries(is_leased=True), "it is given back", 60)
    assert (setting.audits(first), setting.audits(task)) == (1, 0)
    (row,) = setting.deliveries(task_id=task, state="pending")
    assert row["failures"] == 0
    setting.scale.turn(slow_answer_share=0)
    setting.running.run("handlers", "resume", "--all")
    setting.settled(2)
    assert setting.audits(task) == 1


def test_a_promotion_acts_at_once_lasts_and_is_for_these_rules_only(simulator, receiver):
    setting = Setting(simulator, receiver, mode="shadow", rule="accept")
    running = setting.running
    setting.create(2)
    setting.settled(2)
    counted = running.run("handlers", "promote", "judge").stdout.decode()
    assert "in shadow: 2 accept, 0 reject, 0 leave; 0 deliveries wait" in counted and "--yes" in counted
    assert setting.audits() == 0
    running.run("handlers", "promote", "judge", "--yes")
    (task,) = setting.create()
    setting.settled(3)
    assert setting.audits(task) == 1 and setting.handler()["switched_to"] == "live"
    running.kill()
    running.start()
    setting.create()
    setting.settled(4)
    assert setting.audits() == 2
    # What it judged in shadow had no effect, so a replay may act on it now.
    running.run("replay", "--handler", "judge", "--yes")
    setting.settled(6)
    assert setting.audits() == 4

    # Rules that nobody has looked at are in shadow again.
    running.stop()
    setting.restart(mode="shadow", rule="reject")
    assert "promoted with other rules" in running.program.log_text()
    assert setting.handler()["is_switched_for_other_rules"]
    assert "was promoted with other rules" in running.run("handlers", "list").stdout.decode()
    setting.create()
    setting.settled(7)
    assert setting.audits() == 4
    # A file that the service does not run yet cannot be promoted.
    path = running.folder / "receiver.yaml"
    text = path.read_text()
    path.write_text(text.replace("so it is", "or so"))
    refused = running.run("handlers", "promote", "judge", "--yes", check=False)
    assert refused.returncode == 1 and b"Restart it" in refused.stderr
    path.write_text(text)
    running.run("handlers", "promote", "judge", "--yes")
    setting.create()
    setting.settled(8)
    assert setting.audits() == 5
    running.run("handlers", "demote", "judge")
    setting.create()
    setting.settled(9)
    assert setting.audits() == 5
    assert setting.handler()["switched_to"] == "shadow"


@pytest.mark.parametrize("times", [1, 3])
def test_forged_callbacks_with_a_leaked_key_cause_no_audit(simulator, receiver, times):
    setting = Setting(simulator, receiver, rule="accept")
    (task,) = setting.create()
    setting.settled(1)
    (event,) = [row for row in setting.running.events() if row["kind"] == "completed"]
    body = json.loads(setting.running.run("events", "raw", event["id"]).stdout)
    setting.scale.post(f"tasks/{task}/recall")
    setting.settled(2)
    audits = setting.audits()
    for number in range(times):
        # A response that nobody gave, of a time later than all.
        body["task"]["completed_at"] = body["task"]["updated_at"] = f"2099-01-0{number + 1}T00:00:00.000Z"
        body["task"]["response"] = body["response"] = {"annotations": []}
        assert setting.running.post(json.dumps(body).encode(), LIVE_AUTH_KEY) == 200
    setting.settled(2 + times)
    forged = [row["outcome"] for row in setting.deliveries()[:times]]
    assert forged == ["stale"] * times
    assert setting.audits() == audits
    # A late older callback causes none either: something newer is known.
    result = setting.running.run("replay", "--handler", "judge", "--task", task, "--repeat-effects", "--yes")
    assert b"deliveries made" in result.stdout
    setting.settled(4 + 2 * times)
    assert setting.audits() == audits
