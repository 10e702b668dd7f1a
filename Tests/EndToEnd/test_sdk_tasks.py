"""The official Python SDK on single tasks: creating every type, and every change a customer can make to one."""

import datetime
import re

import pytest
import scaleapi
from scaleapi.exceptions import ScaleDuplicateResource, ScaleInvalidRequest, ScaleResourceNotFound
from scaleapi.tasks import TaskReviewStatus, TaskStatus, TaskType

from task_payloads import BOXES, PAYLOADS, PICTURE, REQUIRED

# Live tasks stay pending in these tests; test mode completes them at once.
SIMULATOR = ("--completion-delay", 36_000, "--fault-share", 0)
MISSING = "0123456789abcdef01234567"
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def make(client, **more):
    return client.create_task(TaskType.ImageAnnotation, attachment=PICTURE, geometries=BOXES, **more)


def test_the_readme_creates_a_task_and_is_refused_the_second_time(live):
    live.create_project("test_project", TaskType.ImageAnnotation)
    payload = {
        "project": "test_project",
        "callback_url": "http://www.example.com/callback",
        "instruction": "Draw a box around each baby cow and big cow.",
        "attachment_type": "image",
        "attachment": "http://i.imgur.com/v4cBreD.jpg",
        "unique_id": "c235d023af73",
        "geometries": {"box": {"objects_to_annotate": ["Baby Cow", "Big Cow"], "min_height": 10, "min_width": 10}},
    }
    task = live.create_task(TaskType.ImageAnnotation, **payload)
    assert re.fullmatch("[0-9a-f]{24}", task.id)
    assert task.task_id == task.id and str(task) == f"Task(id={task.id})" and hash(task) == hash(task.id)
    assert task.type == "imageannotation" and task.status == TaskStatus.Pending.value
    assert task.is_test is False and task.metadata == {}
    for name in ("project", "callback_url", "instruction", "unique_id"):
        assert getattr(task, name) == payload[name]
    assert task.params == {name: payload[name] for name in ("attachment_type", "attachment", "geometries")}
    assert STAMP.fullmatch(task.created_at)
    age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(task.created_at)
    assert abs(age.total_seconds()) < 60

    with pytest.raises(ScaleDuplicateResource) as refusal:
        live.create_task(TaskType.ImageAnnotation, **payload)
    # The only place where Scale names the task that holds the id.
    assert refusal.value.message == (
        f'The unique_id ("c235d023af73") is already used for a different task ({task.id}).'
    )
    assert refusal.value.code == 409


@pytest.mark.parametrize("task_type", TaskType, ids=lambda task_type: task_type.value)
def test_every_type_is_created_and_read_back(live, task_type):
    payload = PAYLOADS[task_type]
    created = live.create_task(task_type, instruction="Look closely.", metadata={"row": 7, "part": 0.5}, **payload)
    read = live.get_task(created.id)
    assert read.as_dict() == created.as_dict()
    assert read.type == task_type.value and read.status == "pending"
    assert read.params == payload
    assert read.metadata == {"row": 7, "part": 0.5} and read.instruction == "Look closely."
    assert "response" not in read.as_dict() and "completed_at" not in read.as_dict()
    assert [task.id for task in live.tasks(type=task_type.value, limit=1)] == [created.id]


@pytest.mark.parametrize(("task_type", "parameter"), REQUIRED, ids=str)
def test_a_required_parameter_that_is_missing_is_named(live, task_type, parameter):
    payload = {name: value for name, value in PAYLOADS[task_type].items() if name != parameter}
    before = live.tasks(type=task_type.value, limit=1).total
    with pytest.raises(ScaleInvalidRequest) as refusal:
        live.create_task(task_type, **payload)
    assert refusal.value.message == f'Parameter is invalid, reason: "{parameter}" is required'
    assert live.tasks(type=task_type.value, limit=1).total == before


def test_attributes_are_the_members_of_the_first_level(quick):
    task = make(quick, tags=["a"])
    document = task.as_dict()
    for name, value in document.items():
        assert getattr(task, name) == value
    assert task.params["geometries"] == BOXES
    with pytest.raises(AttributeError):
        _ = task.geometries


def test_a_test_task_is_completed_before_its_creation_returns(quick, live):
    task = make(quick)
    assert task.status == TaskStatus.Completed.value and task.is_test is True
    assert STAMP.fullmatch(task.completed_at) and task.completed_at >= task.created_at
    assert {note["label"] for note in task.response["annotations"]} <= {"truck", "person"}
    assert quick.get_task(task.id).response == task.response
    # The modes are two worlds.
    with pytest.raises(ScaleResourceNotFound):
        live.get_task(task.id)


@pytest.mark.parametrize("task_id", [MISSING, "fake_id_qwertyuiop", "%20", "0" * 300])
def test_an_unknown_task_is_not_found_by_any_call(live, task_id):
    calls = [
        lambda: live.get_task(task_id),
        lambda: live.cancel_task(task_id),
        lambda: live.audit_task(task_id, True),
        lambda: live.update_task_unique_id(task_id, "u"),
        lambda: live.clear_task_unique_id(task_id),
        lambda: live.set_task_metadata(task_id, {"a": 1}),
        lambda: live.set_task_tags(task_id, ["a"]),
        lambda: live.add_task_tags(task_id, ["a"]),
        lambda: live.delete_task_tags(task_id, ["a"]),
    ]
    for call in calls:
        with pytest.raises(ScaleResourceNotFound) as refusal:
            call()
        assert refusal.value.message == "Task with that ID not found."


def test_refresh_shows_what_became_of_the_task(live):
    task = make(live)
    assert live.cancel_task(task.id).status == "canceled"
    assert task.status == "pending"
    task.refresh()
    assert task.status == "canceled" and task.as_dict() == live.get_task(task.id).as_dict()


def test_cancel_keeps_the_unique_id_unless_told_otherwise(live):
    kept = make(live, unique_id="cancel/kept")
    kept.cancel()
    assert live.get_task(kept.id).status == TaskStatus.Canceled.value
    assert live.get_task(kept.id).unique_id == "cancel/kept"
    with pytest.raises(ScaleDuplicateResource):
        make(live, unique_id="cancel/kept")

    for number, cancel in enumerate([lambda task: task.cancel(clear_unique_id=True),
                                     lambda task: live.cancel_task(task.id, clear_unique_id=True)]):
        freed = make(live, unique_id="cancel/freed")
        cancel(freed)
        document = live.get_task(freed.id).as_dict()
        assert document["status"] == "canceled" and "unique_id" not in document, number
    assert make(live, unique_id="cancel/freed").status == "pending"


def test_a_completed_task_cannot_be_canceled(quick):
    task = make(quick)
    with pytest.raises(ScaleInvalidRequest) as refusal:
        task.cancel()
    assert "completed" in refusal.value.message
    task.refresh()
    assert task.status == "completed"


def test_audits_add_up_and_decide_the_review_status(quick, scale):
    task = make(quick)
    assert quick.audit_task(task.id, True) is None
    task.refresh()
    assert task.customer_review_status == TaskReviewStatus.Accepted.value
    task.audit(False, "Rejected due to quality")
    quick.audit_task(task.id, False, comments="Still")
    task.refresh()
    assert task.customer_review_status == TaskReviewStatus.Rejected.value
    assert task.customer_review_comments == ["Rejected due to quality", "Still"]
    # Newest first.
    assert [audit["audit_result"] for audit in task.audits] == ["rejected", "rejected", "accepted"]
    assert all(audit["audit_source"] == "customer" for audit in task.audits)
    assert task.audits[0]["audited_at"] == task.customer_audited_at > task.completed_at
    books = scale.get(f"audits?task_id={task.id}")["docs"]
    assert [(audit["audit_result"], audit["comments"]) for audit in books[0]["audits"]] == [
        ("accepted", None), ("rejected", "Rejected due to quality"), ("rejected", "Still"),
    ]


def test_only_a_completed_task_can_be_audited(live, scale):
    task = make(live)
    with pytest.raises(ScaleInvalidRequest):
        task.audit(True)
    assert "audits" not in live.get_task(task.id).as_dict()
    assert scale.get(f"audits?task_id={task.id}")["docs"] == []


def test_every_audit_calls_back_with_the_verdict(quick, sink):
    task = make(quick, callback_url=sink.url)
    key, first = sink.wait(lambda body: "audits" not in body["task"], "the completion")
    assert key == "test_auth_simulator"
    assert first["task_id"] == task.id and first["status"] == "completed" and first["response"] == task.response
    task.audit(False, "Too small")
    _, second = sink.wait(lambda body: "audits" in body["task"], "the audit")
    assert second["task"]["customer_review_status"] == "rejected"
    assert second["task"]["customer_review_comments"] == ["Too small"]
    assert second["task_id"] == task.id and second["response"] == task.response


def test_a_recalled_task_is_pending_and_keeps_what_it_had(quick, scale, sink):
    task = make(quick, callback_url=sink.url)
    response = task.response
    sink.wait(lambda body: body["status"] == "completed", "the completion")
    scale.post(f"tasks/{task.id}/recall")
    _, body = sink.wait(lambda body: body["status"] == "pending", "the recall")
    task.refresh()
    assert task.status == "pending" and task.prior_responses == [response] == body["task"]["prior_responses"]
    assert not {"response", "completed_at"} & (set(task.as_dict()) | set(body["task"]))
    with pytest.raises(ScaleInvalidRequest):
        task.audit(True)


def test_unique_ids_are_changed_and_cleared_and_stay_unique(live):
    task = make(live, unique_id="unique/1")
    assert live.update_task_unique_id(task.id, "unique/2").unique_id == "unique/2"
    task.update_unique_id("unique/3")
    task.refresh()
    assert task.unique_id == "unique/3"
    # The ids given up are free again, the one in use is not.
    other = make(live, unique_id="unique/1")
    with pytest.raises(ScaleDuplicateResource) as refusal:
        live.update_task_unique_id(other.id, "unique/3")
    assert task.id in refusal.value.message
    assert live.get_task(other.id).unique_id == "unique/1"

    assert "unique_id" not in live.clear_task_unique_id(task.id).as_dict()
    assert live.update_task_unique_id(other.id, "unique/3").unique_id == "unique/3"
    other.clear_unique_id()
    other.refresh()
    assert "unique_id" not in other.as_dict()
    assert list(live.tasks(unique_id="unique/3")) == []


def test_metadata_is_replaced_and_keeps_every_kind_of_value(live):
    task = make(live, metadata={"old": 1})
    new = {"myKey": "myValue", "nested": {"list": [1, 2.5, None, True]}, "ключ": "значение 🙂"}
    assert live.set_task_metadata(task.id, new).metadata == new
    task.set_metadata({"fromTaskKey": "fromTaskValue"})
    task.refresh()
    assert task.metadata == {"fromTaskKey": "fromTaskValue"}
    with pytest.raises(ScaleInvalidRequest):
        task.set_metadata({"large": "x" * 10_240})
    task.refresh()
    assert task.metadata == {"fromTaskKey": "fromTaskValue"}


def test_tags_are_set_added_and_deleted(live):
    task = make(live)
    assert "tags" not in task.as_dict()
    assert live.set_task_tags(task.id, ["tag1", "tag2", "tag3"]).tags == ["tag1", "tag2", "tag3"]
    # Present ones are ignored when added, absent ones when deleted.
    assert live.add_task_tags(task.id, ["tag2", "tag4"]).tags == ["tag1", "tag2", "tag3", "tag4"]
    assert live.delete_task_tags(task.id, ["tag1", "tag9"]).tags == ["tag2", "tag3", "tag4"]
    task.add_tags(["tag5"])
    task.delete_tags(["tag2"])
    task.refresh()
    assert task.tags == ["tag3", "tag4", "tag5"]
    task.set_tags(["tag1"])
    task.refresh()
    assert task.tags == ["tag1"]
    live.delete_task_tags(task.id, ["tag1"])
    assert live.get_task(task.id).tags == []


def test_a_task_has_at_most_five_tags(live):
    task = make(live, tags=list("abcde"))
    assert task.tags == list("abcde")
    for change in (lambda: task.add_tags(["f"]), lambda: task.set_tags(list("abcdef"))):
        with pytest.raises(ScaleInvalidRequest):
            change()
    with pytest.raises(ScaleInvalidRequest):
        make(live, tags=list("abcdef"), unique_id="tags/six")
    task.refresh()
    assert task.tags == list("abcde")
    assert live.tasks(unique_id="tags/six").total == 0


def test_the_sdk_cannot_clear_tags_or_metadata_with_nothing(live, scale):
    # It sends an empty list or object as no body at all, and Scale cannot know what was meant.
    task = make(live, tags=["kept"], metadata={"kept": 1})
    for change in (lambda: task.set_tags([]), lambda: task.set_metadata({})):
        with pytest.raises(ScaleInvalidRequest):
            change()
    task.refresh()
    assert (task.tags, task.metadata) == (["kept"], {"kept": 1})


def test_a_callback_may_go_to_an_email_address_and_nowhere_else(live):
    task = make(live, callback_url="labels@example.com")
    assert live.get_task(task.id).callback_url == "labels@example.com"
    for url in ("ftp://example.com/", "not a url"):
        with pytest.raises(ScaleInvalidRequest) as refusal:
            make(live, callback_url=url)
        assert "callback_url" in refusal.value.message


def test_the_readmes_error_has_a_code_and_a_message(live):
    with pytest.raises(scaleapi.exceptions.ScaleException) as refusal:
        live.create_task(TaskType.TextCollection, attachment="Some parameters are missing.")
    assert refusal.value.code == 400
    assert refusal.value.message == 'Parameter is invalid, reason: "attachments" is required'
    assert str(refusal.value) == f"<Response [400]> {refusal.value.message}"


def test_the_journal_shows_what_was_asked(live, scale):
    task = make(live)
    task.refresh()
    assert scale.requests()[-2:] == [
        ("POST", "/v1/task/imageannotation", 200), ("GET", f"/v1/task/{task.id}", 200),
    ]
