"""The official Python SDK's lists of tasks: every filter, the order, the pages and the counts, against what is known."""

import datetime
import types

import pytest
from scaleapi.exceptions import ScaleInvalidRequest
from scaleapi.tasks import TaskReviewStatus, TaskStatus, TaskType

from task_payloads import PAYLOADS, PICTURE

SIMULATOR = ("--completion-delay", 36_000)
TASKS = 48
# The simulator never loads anything; such a name stands for an attachment that cannot be loaded.
BROKEN = "https://broken.invalid/picture.jpg"


@pytest.fixture(scope="module")
def crowd(quick):
    """Tasks of two projects, three batches and every state that test mode knows, oldest first, as they are at the end."""
    quick.create_project("fleet", TaskType.ImageAnnotation)
    quick.create_project("notes", TaskType.Categorization)
    for batch, project in (("fleet_a", "fleet"), ("fleet b/1", "fleet"), ("notes_a", "notes")):
        quick.create_batch(project, batch)
    made = []
    for number in range(TASKS):
        kind, project = [(TaskType.ImageAnnotation, "fleet"), (TaskType.Categorization, "notes")][number % 2]
        batch = {0: "fleet_a", 2: "fleet b/1", 1: "notes_a"}.get(number % 4)
        more = {"batch": batch} if batch else {}
        payload = {**PAYLOADS[kind], "attachment": BROKEN if number % 12 == 5 else PICTURE}
        made.append(
            quick.create_task(
                kind, project=project, unique_id=f"crowd/{number}", tags=[f"mod3-{number % 3}", f"mod5-{number % 5}"],
                metadata={"number": number}, **payload, **more,
            )
        )
    for number, task in enumerate(made):
        if task.status == "completed" and number % 4 in (0, 3):
            task.audit(number % 8 < 4, "seen")
    return [quick.get_task(task.id).as_dict() for task in made]


def moment(crowd, name, share):
    """A time between the first and the last task, as one of them has it."""
    times = sorted(task[name] for task in crowd if name in task)
    return times[int(len(times) * share)]


def in_sdk_words(stamp):
    """The form of the SDK's documentation: YYYY-MM-DD HH:MM:SS.mmmmmm."""
    return datetime.datetime.fromisoformat(stamp).strftime("%Y-%m-%d %H:%M:%S.%f")


def nobody(_task, _crowd):
    return False


FILTERS = {
    "project": (lambda _: {"project_name": "fleet"}, lambda task, _: task["project"] == "fleet"),
    "batch": (lambda _: {"batch_name": "fleet b/1"}, lambda task, _: task.get("batch") == "fleet b/1"),
    "both": (
        lambda _: {"project_name": "notes", "batch_name": "notes_a"}, lambda task, _: task.get("batch") == "notes_a",
    ),
    "neither agrees": (lambda _: {"project_name": "notes", "batch_name": "fleet_a"}, nobody),
    "unknown project": (lambda _: {"project_name": "nobody's"}, nobody),
    "type": (
        lambda _: {"batch_name": "notes_a", "task_type": TaskType.Categorization},
        lambda task, _: task.get("batch") == "notes_a" and task["type"] == "categorization",
    ),
    "other type": (lambda _: {"batch_name": "notes_a", "task_type": TaskType.ImageAnnotation}, nobody),
    "completed": (
        lambda _: {"project_name": "notes", "status": TaskStatus.Completed},
        lambda task, _: task["project"] == "notes" and task["status"] == "completed",
    ),
    "pending": (lambda _: {"project_name": "notes", "status": TaskStatus.Pending}, nobody),
    "accepted": (
        lambda _: {"project_name": "fleet", "review_status": TaskReviewStatus.Accepted},
        lambda task, _: task["project"] == "fleet" and task.get("customer_review_status") == "accepted",
    ),
    "reviewed": (
        lambda _: {"project_name": "notes", "review_status": [TaskReviewStatus.Accepted, TaskReviewStatus.Rejected]},
        lambda task, _: task["project"] == "notes" and "customer_review_status" in task,
    ),
    "nobody fixed or commented": (
        lambda _: {"project_name": "notes", "review_status": [TaskReviewStatus.Fixed, TaskReviewStatus.Commented]},
        nobody,
    ),
    "not reviewed": (
        lambda _: {"project_name": "notes", "review_status": TaskReviewStatus.Pending},
        lambda task, _: task["project"] == "notes" and task["status"] == "completed"
        and "customer_review_status" not in task,
    ),
    "one unique id": (
        lambda _: {"project_name": "fleet", "unique_id": "crowd/4"}, lambda task, _: task["unique_id"] == "crowd/4",
    ),
    "unique ids": (
        lambda _: {"project_name": "fleet", "unique_id": ["crowd/4", "crowd/5", "crowd/6", "crowd/none"]},
        lambda task, _: task["unique_id"] in ("crowd/4", "crowd/6"),
    ),
    "one tag": (
        lambda _: {"project_name": "fleet", "tags": "mod3-1"},
        lambda task, _: task["project"] == "fleet" and "mod3-1" in task["tags"],
    ),
    "tags": (
        lambda _: {"project_name": "fleet", "tags": ["mod3-1", "mod5-2"]},
        lambda task, _: task["project"] == "fleet" and {"mod3-1", "mod5-2"} & set(task["tags"]),
    ),
    "many at once": (
        lambda _: {
            "project_name": "fleet", "batch_name": "fleet_a", "task_type": TaskType.ImageAnnotation,
            "status": TaskStatus.Completed, "review_status": TaskReviewStatus.Rejected, "tags": "mod3-2",
        },
        lambda task, _: task.get("batch") == "fleet_a" and "mod3-2" in task["tags"]
        and task.get("customer_review_status") == "rejected",
    ),
}
# The ends of a range count as inside: the SDK calls them the minimum and the maximum value.
for field in ("created", "completed", "updated"):
    FILTERS[f"{field} between"] = (
        lambda crowd, field=field: {
            "project_name": "fleet",
            f"{field}_after": in_sdk_words(moment(crowd, f"{field}_at", 0.25)),
            f"{field}_before": moment(crowd, f"{field}_at", 0.75),
        },
        lambda task, crowd, field=field: task["project"] == "fleet"
        and moment(crowd, f"{field}_at", 0.25) <= task.get(f"{field}_at", "") <= moment(crowd, f"{field}_at", 0.75),
    )
    FILTERS[f"{field} in the year 2000"] = (
        lambda crowd, field=field: {"project_name": "fleet", f"{field}_before": "2000-12-31"}, nobody,
    )
    FILTERS[f"{field} since the year 2000"] = (
        lambda crowd, field=field: {"project_name": "fleet", f"{field}_after": "2000-01-01"},
        lambda task, _, field=field: task["project"] == "fleet" and f"{field}_at" in task,
    )


@pytest.mark.parametrize("title", FILTERS)
def test_a_filter_finds_exactly_the_tasks_that_fulfil_it(quick, crowd, title):
    arguments, predicate = FILTERS[title]
    arguments = arguments(crowd)
    # Newest first.
    expected = [task for task in reversed(crowd) if predicate(task, crowd)]
    found = quick.get_tasks(**arguments, include_attachment_url=False)
    assert isinstance(found, types.GeneratorType)
    assert [task.as_dict() for task in found] == expected
    assert quick.get_tasks_count(**arguments) == len(expected)
    # A filter that lets everything through, or nothing without meaning to, would prove little.
    assert 0 < len(expected) < TASKS or predicate is nobody


def test_one_call_pages_through_everything_once(quick, crowd, scale):
    before = len(scale.requests())
    found = list(quick.get_tasks("fleet", limit=7, include_attachment_url=False))
    assert [task.id for task in found] == [task["task_id"] for task in reversed(crowd) if task["project"] == "fleet"]
    pages = scale.requests()[before:]
    assert len(pages) == 4
    assert all(method == "GET" and "limit=7" in path and status == 200 for method, path, status in pages)
    assert ["next_token=" in path for _, path, _ in pages] == [False, True, True, True]


def test_a_page_says_how_it_continues(quick, crowd):
    first = quick.tasks(project="fleet", limit=20)
    assert (first.total, first.limit, first.offset, first.has_more) == (24, 20, 0, True)
    assert first.next_token and list(first) == first.docs and len(first) == 20
    second = quick.tasks(project="fleet", limit=20, next_token=first.next_token)
    assert (second.total, second.has_more, second.next_token) == (24, False, None)
    ids = [task.id for task in [*first, *second]]
    assert ids == [task["task_id"] for task in reversed(crowd) if task["project"] == "fleet"]


def test_tasks_created_meanwhile_neither_repeat_nor_displace_one(quick, crowd):
    quick.create_project("meanwhile", TaskType.Categorization)
    made = [quick.create_task(TaskType.Categorization, project="meanwhile", **PAYLOADS[TaskType.Categorization]).id
            for _ in range(6)]
    found = []
    for task in quick.get_tasks("meanwhile", limit=2):
        found.append(task.id)
        quick.create_task(TaskType.Categorization, project="meanwhile", **PAYLOADS[TaskType.Categorization])
    assert found == made[::-1]


def test_a_limited_response_holds_five_members(quick, crowd):
    found = [task.as_dict() for task in quick.get_tasks("fleet", limited_response=True, include_attachment_url=False)]
    assert [set(task) for task in found] == [{"task_id", "status", "metadata", "project", "otherVersion"}] * 24
    whole = [task for task in reversed(crowd) if task["project"] == "fleet"]
    for name in ("task_id", "status", "metadata", "project"):
        assert [task[name] for task in found] == [task[name] for task in whole]


def test_attachment_urls_come_when_asked_for(quick, crowd):
    # What `get_tasks` asks for unless told otherwise.
    for task, known in zip(quick.get_tasks("fleet"), [task for task in reversed(crowd) if task["project"] == "fleet"]):
        downloads = task.as_dict()["attachmentS3Downloads"]
        assert [download["attachmentURL"] for download in downloads] == [known["params"]["attachment"]]
        assert all(download["s3URL"].startswith("http") for download in downloads)
    assert all("attachmentS3Downloads" not in task.as_dict() for task in quick.tasks(include_attachment_url=False))


def test_live_mode_lists_pending_canceled_and_nothing_of_test_mode(live, crowd):
    live.create_project("fleet", TaskType.ImageAnnotation)
    made = [live.create_task(TaskType.ImageAnnotation, project="fleet", **PAYLOADS[TaskType.ImageAnnotation])
            for _ in range(5)]
    for task in made[:2]:
        task.cancel()
    ids = [task.id for task in reversed(made)]
    assert [task.id for task in live.get_tasks("fleet")] == ids
    assert [task.id for task in live.get_tasks("fleet", status=TaskStatus.Pending)] == ids[:3]
    assert [task.id for task in live.get_tasks("fleet", status=TaskStatus.Canceled)] == ids[3:]
    assert live.get_tasks_count("fleet", status=TaskStatus.Completed) == 0


def test_tasks_that_failed_are_listed_and_say_why(quick, crowd):
    failed = quick.tasks(status="error", project="notes")
    assert [task.metadata["number"] for task in failed] == [41, 29, 17, 5]
    for task in failed:
        assert task.response["error"] == "One or more attachments could not be downloaded."
        assert task.response["attachments"][0]["url"] == BROKEN


def test_what_the_sdk_or_scale_does_not_know_is_refused(live, scale):
    before = len(scale.requests())
    with pytest.raises(ScaleInvalidRequest):
        live.tasks(bogus=0)
    with pytest.raises(ValueError):
        next(live.get_tasks())
    with pytest.raises(ValueError):
        live.get_tasks_count()
    assert len(scale.requests()) == before
    for wrong in ({"limit": 0}, {"limit": 101}, {"limit": "many"}, {"status": "lost"}, {"start_time": "yesterday"},
                  {"customer_review_status": "loved"}, {"next_token": "bm9uc2Vuc2U="},
                  {"include_attachment_url": "maybe"}, {"limited_response": "maybe"}):
        with pytest.raises(ScaleInvalidRequest) as refusal:
            live.tasks(**wrong)
        assert next(iter(wrong)) in refusal.value.message
