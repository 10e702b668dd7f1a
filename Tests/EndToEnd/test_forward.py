"""The handler `forward`: what arrives is verified by the package of Standard Webhooks, and every answer means the right thing."""

import datetime
import email.utils
import json
import time

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from hooks import HookServer
from processes import wait_until

OLD, NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "QUJD" * 11
SERVICE = """
listen: { address: 127.0.0.1:$PORT }
console: { address: 127.0.0.1:$CONSOLE }
accounts: [{ name: live, callback-auth-keys: [live_auth_simulator] }]
handlers:
"""
HANDLER = """
  - name: NAME
    retries: { first-delay: 50ms, attempts: 3 }
    forward: { url: "URL", secrets: ["${OLD}", "${NEW}"], allow-networks: [127.0.0.0/8], timeout: 5s, OPTIONS }
"""
ENVIRONMENT = {"OLD": OLD, "NEW": NEW, "TOKEN": "token-4711"}
# Spaces, an escape and digits that a program which reads and writes JSON anew would change.
BODY = b'{ "task_id": "t-1",\r\n "n": 1.10e3, "text": "\\u00e9\\/",\n "task": {"task_id": "t-1", "status": "completed"} }'


def handler(name, url, options="body: raw"):
    return HANDLER.replace("NAME", name).replace("URL", url).replace("OPTIONS", options)


def settled(running, count):
    """The deliveries by handler, once so many are not pending."""
    def rows():
        rows = running.rows("deliveries", "list", "--all")
        return rows if len([row for row in rows if row["state"] != "pending"]) >= count else None

    return {row["handler"]: row for row in wait_until(rows, "the deliveries")}


def test_what_arrives_is_verified_by_the_package(receiver):
    later = [(503, {"retry-after": "1"}, b"not now"), (200, {}, b"ok")]
    with HookServer({"/raw": later}) as hooks:
        envelope = 'body: envelope, headers: { Authorization: "Bearer ${TOKEN}", X-Team: labelling }'
        running = receiver(
            SERVICE + handler("raw", hooks.url("/raw")) + handler("wrapped", hooks.url("/wrapped"), envelope), ENVIRONMENT
        )
        assert running.post(BODY) == 200
        done = settled(running, 2)
        assert {row["state"] for row in done.values()} == {"completed"}
        (first, first_body), (second, second_body) = hooks.received["/raw"]
        (wrapped, wrapped_body), = hooks.received["/wrapped"]

    for headers, body in ((first, first_body), (second, second_body), (wrapped, wrapped_body)):
        for secret in (OLD, NEW):
            Webhook(secret).verify(body, headers)
        with pytest.raises(WebhookVerificationError):
            Webhook("whsec_" + "QUJE" * 11).verify(body, headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(OLD).verify(body + b" ", headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(OLD).verify(body, {**headers, "webhook-id": "evt_other"})
        assert len(headers["webhook-signature"].split(" ")) == 2
        assert headers["content-type"] == "application/json"
        assert headers["scale-callbacks-event"] == "1"
        assert headers["scale-callbacks-account"] == "live"
        assert headers["scale-callbacks-kind"] == "completed"
    # The same event, so the same id, but a time of its own.
    assert first["webhook-id"] == second["webhook-id"] == wrapped["webhook-id"]
    assert int(second["webhook-timestamp"]) > int(first["webhook-timestamp"])
    assert (first["scale-callbacks-attempt"], second["scale-callbacks-attempt"]) == ("1", "2")
    assert first_body == second_body == BODY
    document = json.loads(wrapped_body)
    assert (document["id"], document["account"], document["task_id"]) == (1, "live", "t-1")
    assert document["callback"] == json.loads(BODY)
    assert b"1.10e3" in wrapped_body
    assert (wrapped["authorization"], wrapped["x-team"]) == ("Bearer token-4711", "labelling")
    print("3 requests, verified by 2 secrets each")


def test_each_answer_means_what_is_documented(receiver):
    completed, dead = ("completed", "completed"), ("dead", "rejected")
    expected = {
        200: (completed, 1), 202: (completed, 1), 204: (completed, 1), 302: (dead, 3), 400: (dead, 1), 401: (dead, 3),
        404: (dead, 3), 408: (("dead", "unavailable"), 3), 409: (dead, 3), 413: (dead, 1), 422: (dead, 1),
        429: (("dead", "unavailable"), 3), 500: (("dead", "unavailable"), 3), 503: (("dead", "unavailable"), 3),
    }
    answers = {f"/{status}": [(status, {}, b"" if status == 204 else b"sa\x1b[2Jid\nso \xff")] for status in expected}
    answers["/302"] = [(302, {"location": "/200"}, b"")]
    with HookServer(answers) as hooks:
        text = SERVICE + "".join(handler(f"s{status}", hooks.url(f"/{status}")) for status in expected)
        running = receiver(text, ENVIRONMENT)
        assert running.post(BODY) == 200
        rows = settled(running, len(expected))
        for status, ((state, outcome), requests) in expected.items():
            row = rows[f"s{status}"]
            found = (row["state"], row["failure_class"] or row["outcome"]), len(hooks.received[f"/{status}"])
            assert found == ((state, outcome), requests), row
            assert "\x1b" not in row["summary"] and "\n" not in row["summary"]
        assert "redirects are not followed" in rows["s302"]["summary"]
        assert rows["s400"]["summary"] == "the server answered 400: sa [2Jid so \N{REPLACEMENT CHARACTER}"
        # The redirect led there, but nobody went.
        assert len(hooks.received["/200"]) == 1
    print(f"{len(expected)} answers")


def test_410_holds_the_handler_until_people_resume_it(receiver):
    with HookServer({"/gone": [(410, {}, b"no longer"), (200, {}, b"")]}) as hooks:
        running = receiver(SERVICE + handler("hook", hooks.url("/gone")), ENVIRONMENT)
        assert running.post(BODY) == 200
        held = wait_until(lambda: [row for row in running.rows("handlers", "list") if row["held_at"]], "the hold")
        assert "410" in held[0]["held_reason"] and "no longer" in held[0]["held_reason"]
        assert running.post(BODY.replace(b"t-1", b"t-2")) == 200
        time.sleep(0.5)
        assert len(hooks.received["/gone"]) == 1
        running.run("handlers", "resume", "hook")
        assert all(row["state"] == "completed" for row in settled(running, 2).values())
        assert len(hooks.received["/gone"]) == 3


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_waited_for(receiver, form):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3)
    value = "2" if form == "seconds" else email.utils.format_datetime(at, usegmt=True)
    with HookServer({"/busy": [(429, {"retry-after": value}, b""), (200, {}, b"")]}) as hooks:
        running = receiver(SERVICE + handler("hook", hooks.url("/busy")), ENVIRONMENT)
        began = time.time()
        assert running.post(BODY) == 200
        assert settled(running, 1)["hook"]["state"] == "completed"
        second = int(hooks.received["/busy"][1][0]["webhook-timestamp"])
    # A date has whole seconds, and so has the header that tells when the second attempt was made.
    assert second + 1 - began >= 2
    if form == "date":
        assert second >= int(at.timestamp())


def test_private_addresses_are_refused_unless_allowed(receiver, tmp_path):
    with HookServer() as hooks:
        closed = handler("hook", hooks.url("/x", "localhost")).replace("allow-networks: [127.0.0.0/8], ", "")
        running = receiver(SERVICE + closed, ENVIRONMENT)
        assert running.post(BODY) == 200
        # A name is looked up at each attempt, so the handler waits for people.
        held = wait_until(lambda: [row for row in running.rows("handlers", "list") if row["held_at"]], "the hold")
        assert "does not belong to the public internet" in held[0]["held_reason"]
        assert "allow-networks" in held[0]["held_reason"]
        assert hooks.received == {}
        # In figures it is known at once.
        (tmp_path / "receiver.yaml").write_text(
            SERVICE.replace("$PORT", "0").replace("$CONSOLE", "0") + closed.replace("localhost", "127.0.0.1")
        )
        result = running.run("check", check=False)
        assert result.returncode == 78 and b"allow-networks" in result.stderr


def test_no_secret_is_ever_shown(receiver):
    options = 'headers: { Authorization: "Bearer ${TOKEN}" }'
    # A server that repeats what it was sent.
    with HookServer({"/echo": [(400, {}, b"you sent Bearer token-4711")]}) as hooks:
        running = receiver(SERVICE + handler("hook", hooks.url("/echo"), options), ENVIRONMENT, arguments=("--log-level", "trace"))
        assert running.post(BODY) == 200
        settled(running, 1)
        shown = [running.run(*words).stdout.decode() for words in (
            ("check",), ("events", "show", "1", "--output", "json"), ("deliveries", "list"), ("handlers", "list"),
        )]
        assert "<redacted>" in shown[0] and "you sent <redacted>" in shown[1]
        for text in (*shown, running.program.log_text()):
            for secret in (OLD, NEW, OLD[6:], NEW[6:], "4711"):
                assert secret not in text
