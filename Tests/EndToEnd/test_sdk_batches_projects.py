"""The official Python SDK on batches and projects: their lives, lists and names, and what tasks inherit."""

import concurrent.futures
import datetime
import re
import types

import pytest
from scaleapi.batches import BatchStatus
from scaleapi.exceptions import ScaleDuplicateResource, ScaleInvalidRequest, ScaleResourceNotFound
from scaleapi.tasks import TaskStatus, TaskType

from processes import wait_until
from task_payloads import BOXES, FIELDS, PAYLOADS, PICTURE

# Tasks take a tenth of a second.
SIMULATOR = ("--completion-delay", 0.1)
IMAGE = TaskType.ImageAnnotation
# The SDK quotes every name that becomes a part of a path.
NAMES = ["batch_name_01_07_2021", "a bc/def", "Straße 7 – 100% ?&=#", "...", "+", "x" * 200]


@pytest.fixture(scope="module")
def project(live):
    return live.create_project("dock", IMAGE, params={"instruction": "Draw boxes."})


def make(client, **more):
    return client.create_task(IMAGE, **{"attachment": PICTURE, "geometries": BOXES, **more})


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_is_created_read_and_refused_the_second_time(live, project, name):
    batch = live.create_batch(project=project.name, batch_name=name, callback="http://www.example.com/callback")
    assert (batch.name, batch.project, batch.status) == (name, "dock", BatchStatus.InProgress.value)
    assert batch.metadata == {} and batch.as_dict()["callback"] == "http://www.example.com/callback"
    assert str(batch) == f"Batch(name={name})" and hash(batch) == hash(name)
    assert live.get_batch(batch_name=name).as_dict() == batch.as_dict()
    with pytest.raises(ScaleDuplicateResource) as refusal:
        live.create_batch(project.name, name)
    assert name in refusal.value.message
    assert live.set_batch_metadata(name, {"crew": "night", "n": [1]}).metadata == {"crew": "night", "n": [1]}
    assert live.get_batch(name).metadata == {"crew": "night", "n": [1]}
    assert live.batch_status(name) == {"status": "in_progress"}


def test_a_batch_takes_its_flags_and_metadata(live, project):
    batch = live.create_batch(
        project.name, "flags", calibration_batch=True, self_label_batch=True, metadata={"origin": "camera 4"},
    )
    document = live.get_batch("flags").as_dict()
    assert document["calibration_batch"] is True and document["self_label_batch"] is True
    assert batch.metadata == document["metadata"] == {"origin": "camera 4"}


def test_a_batch_counts_its_tasks_and_calls_back_when_all_are_done(live, project, sink):
    batch = live.create_batch(project.name, "counted", callback=sink.url)
    # Whatever its name, a host that ends in .invalid stands for an attachment that cannot be loaded.
    pictures = [PICTURE, PICTURE, PICTURE, "https://lost.invalid/1.jpg"]
    tasks = [make(live, batch=batch.name, attachment=picture) for picture in pictures]
    tasks[0].cancel()

    def is_done():
        return batch.get_status()["status"] == BatchStatus.Completed.value

    wait_until(is_done, "the batch is completed", 30)
    assert live.batch_status("counted") == {"status": "completed", "completed": 2, "canceled": 1, "error": 1}
    assert (batch.status, batch.tasks_pending, batch.tasks_completed) == ("completed", 0, 2)
    assert (batch.tasks_canceled, batch.tasks_error) == (1, 1)
    key, body = sink.wait(lambda body: "batch" in body, "the callback of the batch")
    assert key == "live_auth_simulator"
    assert body == {"batch": "counted", "status": "completed", "stats": {"completed": 2, "canceled": 1, "error": 1}}


def test_finalizing_a_batch_that_is_in_progress_changes_nothing(live, project):
    batch = live.create_batch(project.name, "final")
    assert batch.finalize().as_dict() == batch.as_dict()
    assert live.finalize_batch("final").status == batch.status == "in_progress"
    assert make(live, batch="final").batch == "final"


@pytest.mark.parametrize("kind", ["rapid", "studio"])
def test_a_staged_batch_waits_until_it_is_finalized(live, kind):
    name = f"{kind} dock"
    project = live.create_project(name, IMAGE, params={"instruction": "Hurry."}, **{kind: True})
    assert project.as_dict()["projectType"] == kind
    batch = live.create_batch(name, f"{kind} staged")
    assert batch.status == BatchStatus.Staging.value
    staged = make(live, project=name, batch=batch.name)
    # A task outside the batch is completed meanwhile, the one inside is not.
    other = make(live, project=name)
    wait_until(lambda: live.get_task(other.id).status == "completed", "the other task", 30)
    assert live.get_task(staged.id).status == "pending"
    assert batch.get_status() == {"status": "staging", "pending": 1}

    assert batch.finalize().status == "in_progress" == batch.status
    wait_until(lambda: live.get_task(staged.id).status == "completed", "the staged task", 30)
    assert live.batch_status(batch.name) == {"status": "completed", "completed": 1}
    for refused in (batch.finalize, lambda: make(live, project=name, batch=batch.name)):
        with pytest.raises(ScaleInvalidRequest):
            refused()
    assert live.batch_status(batch.name) == {"status": "completed", "completed": 1}


def test_the_tasks_of_a_batch_are_canceled_side_by_side(live):
    # What the SDK's example script `cancel_batch.py` is for. Staged tasks are pending as long as it takes.
    live.create_project("hasty", IMAGE, rapid=True)
    batch = live.create_batch("hasty", "side by side")
    for number in range(60):
        make(live, batch=batch.name, unique_id=f"hasty/{number}")
    pending = live.get_tasks(batch_name=batch.name, status=TaskStatus.Pending)
    with concurrent.futures.ThreadPoolExecutor(25) as pool:
        list(pool.map(lambda task: task.cancel(clear_unique_id=True), pending))
    assert live.batch_status(batch.name) == {"status": "staging", "canceled": 60}
    canceled = list(live.get_tasks(batch_name=batch.name))
    assert len(canceled) == 60 and not any("unique_id" in task.as_dict() for task in canceled)
    # Nothing is left to be done.
    assert batch.finalize().status == BatchStatus.Completed.value


def test_batches_are_listed_newest_first_by_filter_and_page(quick, scale):
    for name in ("yard", "yard 2"):
        quick.create_project(name, IMAGE)
    made = [quick.create_batch("yard", f"yard/{number:03}") for number in range(130)]
    other = quick.create_batch("yard 2", "elsewhere")
    make(quick, batch="yard/007")
    names = [batch.name for batch in reversed(made)]

    before = len(scale.requests())
    found = quick.get_batches(project_name="yard")
    assert isinstance(found, types.GeneratorType)
    assert [batch.name for batch in found] == names
    # One hundred is a page.
    assert len(scale.requests()) == before + 2
    assert [batch.name for batch in quick.get_batches()] == [other.name, *names]
    assert [batch.name for batch in quick.get_batches(batch_status=BatchStatus.Completed)] == ["yard/007"]
    assert len(list(quick.get_batches("yard", batch_status=BatchStatus.InProgress))) == 129
    assert list(quick.get_batches("yard", batch_status=BatchStatus.Staging)) == []

    created = sorted(batch.created_at for batch in made)
    low, high = created[40], created[80]
    between = [batch.name for batch in reversed(made) if low <= batch.created_at <= high]
    assert [batch.name for batch in quick.get_batches("yard", created_after=low, created_before=high)] == between
    assert list(quick.get_batches(created_before="2000-12-31", exclude_archived=True)) == []
    assert len(list(quick.get_batches(created_after="2020-09-08", exclude_archived=True))) == 131

    page = quick.batches(project="yard", limit=7, offset=126)
    assert (page.total, page.limit, page.offset, page.has_more) == (130, 7, 126, False)
    assert [batch.name for batch in page.docs] == names[126:] and list(page) == page.docs
    assert quick.batches(project="yard", limit=7, offset=123).has_more is False
    assert quick.batches(project="yard", limit=7, offset=122).has_more is True
    for wrong in ({"limit": 0}, {"limit": 101}, {"offset": -1}, {"start_time": "once"}, {"bogus": 1}):
        with pytest.raises(ScaleInvalidRequest):
            quick.batches(**wrong)


def test_unknown_names_are_not_found(live, project):
    calls = [
        lambda: live.get_batch("nobody"), lambda: live.batch_status("nobody"), lambda: live.finalize_batch("nobody"),
        lambda: live.set_batch_metadata("nobody", {"a": 1}), lambda: make(live, batch="nobody"),
        lambda: live.get_project("nobody"), lambda: live.update_project("nobody", instruction="x"),
        lambda: live.get_project_template("nobody"), lambda: live.create_batch("nobody", "b"),
        lambda: make(live, project="nobody"),
    ]
    for call in calls:
        with pytest.raises(ScaleResourceNotFound):
            call()
    assert "b" not in [batch.name for batch in live.get_batches()]


@pytest.mark.parametrize("name", NAMES)
def test_a_project_is_created_read_and_refused_the_second_time(quick, name):
    params = {"instruction": "Please label the kittens", "geometries": BOXES}
    made = quick.create_project(project_name=name, task_type=IMAGE, params=params)
    assert (made.name, made.type, made.version) == (name, "imageannotation", 0)
    assert made.instruction == "Please label the kittens" and made.params["geometries"] == BOXES
    assert str(made) == f"Project(name={name})" and hash(made) == hash(name)
    long = {"pipelineName", "numReviews", "created_by", "projectType", "archived", "datasetLinks", "nucleusDatasetId"}
    assert long <= set(made.as_dict())

    read = quick.get_project(project_name=name)
    assert (read.name, read.type, read.params) == (made.name, made.type, made.params)
    assert set(read.as_dict()) == {"type", "name", "param_history", "created_at"}
    with pytest.raises(ScaleDuplicateResource) as refusal:
        quick.create_project(name, IMAGE)
    assert name in refusal.value.message


def test_a_project_without_parameters_has_none(live):
    project = live.create_project("bare", TaskType.Categorization)
    assert (project.params, project.version, project.instruction) == (None, None, None)
    assert live.get_project("bare").params is None


def test_a_project_remembers_its_dataset(live):
    project = live.create_project("linked", IMAGE, dataset_id="ds_bwkezj6g5c4g05gqp1eg").as_dict()
    assert project["nucleusDatasetId"] == "ds_bwkezj6g5c4g05gqp1eg"
    assert [link["datasetId"] for link in project["datasetLinks"]] == ["ds_bwkezj6g5c4g05gqp1eg"]


def test_projects_are_listed_all_at_once(live, project):
    live.create_project("listed", TaskType.TextCollection)
    found = live.projects()
    names = [project.name for project in found]
    assert "listed" in names and "dock" in names and len(names) == len(set(names))
    assert [project.as_dict() for project in live.get_projects()] == [project.as_dict() for project in found]
    assert found[names.index("listed")].type == "textcollection"


def test_an_update_adds_a_version_whole_or_patched(live):
    live.create_project("versions", IMAGE, params={"instruction": "One", "geometries": BOXES})
    whole = live.update_project(project_name="versions", patch=False, instruction="update: Please label all the stuff")
    assert (whole.version, whole.instruction) == (1, "update: Please label all the stuff")
    assert "geometries" not in whole.params
    patched = live.update_project("versions", patch=True, geometries={"point": {"objects_to_annotate": ["hook"]}})
    assert (patched.version, patched.instruction) == (2, "update: Please label all the stuff")
    # Replaced by the key, not merged into what the key held.
    assert patched.params["geometries"] == {"point": {"objects_to_annotate": ["hook"]}}
    history = live.get_project("versions").as_dict()["param_history"]
    assert [entry["version"] for entry in history] == [0, 1, 2]
    assert history[0]["instruction"] == "One" and history[2] == patched.params
    for entry in history:
        age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(entry["created_at"])
        assert abs(age.total_seconds()) < 300


def test_tasks_inherit_the_latest_a_pinned_or_no_version(quick):
    quick.create_project("heirs", IMAGE, params={"instruction": "Old words", "geometries": BOXES})
    quick.update_project("heirs", patch=True, instruction="New words")
    latest = quick.create_task(IMAGE, project="heirs", attachment=PICTURE)
    assert latest.params == {"attachment": PICTURE, "geometries": BOXES}
    assert (latest.instruction, latest.project_param_version) == ("New words", 1)
    # The instruction is appended, everything else overridden.
    own = {"point": {"objects_to_annotate": ["hook"]}}
    mixed = quick.create_task(IMAGE, project="heirs", attachment=PICTURE, instruction="Mind the crane.", geometries=own)
    assert mixed.params["geometries"] == own
    assert re.fullmatch(r"Mind the crane\.\s+New words", mixed.instruction)
    pinned = quick.create_task(IMAGE, project="heirs", attachment=PICTURE, project_param_version=0)
    assert (pinned.instruction, pinned.project_param_version) == ("Old words", 0)
    with pytest.raises(ScaleInvalidRequest) as refusal:
        quick.create_task(IMAGE, project="heirs", attachment=PICTURE, project_param_version=-1)
    assert "geometries" in refusal.value.message
    alone = quick.create_task(
        IMAGE, project="heirs", attachment=PICTURE, geometries=own, instruction="Mine", project_param_version=-1
    )
    assert alone.instruction == "Mine" and "project_param_version" not in alone.as_dict()


def test_a_template_exists_for_text_only(live, project):
    live.create_project("templated", TaskType.TextCollection, params={"fields": FIELDS})
    template = live.get_project("templated").get_template()
    assert template.as_dict() == live.get_project_template("templated").as_dict()
    assert template.id and hash(template) == hash(template.id) and str(template) == f"TaskTemplate(id={template.id})"
    assert isinstance(template.version, int) and template.created_at <= template.updated_at
    assert template.get_template_variables() == template.template_variables == template.as_dict()["template_variables"]
    assert template.get_response_schema() == template.as_dict().get("response_schema")
    assert template.is_auto_onboardable() is False
    live.create_project("chatty", TaskType.Chat)
    assert live.get_project_template("chatty").id != template.id
    with pytest.raises(ScaleInvalidRequest):
        project.get_template()


def test_a_batch_and_its_task_must_agree(live, project):
    live.create_project("another dock", IMAGE)
    live.create_batch("another dock", "another batch")
    with pytest.raises(ScaleInvalidRequest) as refusal:
        make(live, project="dock", batch="another batch")
    assert "another batch" in refusal.value.message
    with pytest.raises(ScaleInvalidRequest):
        live.create_task(TaskType.Categorization, project="dock", **PAYLOADS[TaskType.Categorization])
    assert live.batch_status("another batch") == {"status": "in_progress"}
    # Without a project the batch says which it is.
    assert make(live, batch="another batch").project == "another dock"
