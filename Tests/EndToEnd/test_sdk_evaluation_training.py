"""The official Python SDK on evaluation and training tasks of Rapid projects, whose right answers are known."""

import pytest
from scaleapi.evaluation_tasks import EvaluationTask
from scaleapi.exceptions import ScaleInvalidRequest, ScaleResourceNotFound
from scaleapi.quality_tasks import QualityTask
from scaleapi.tasks import TaskType
from scaleapi.training_tasks import TrainingTask

from task_payloads import FIELDS, PAYLOADS

TYPES = [
    TaskType.DocumentTranscription, TaskType.SegmentAnnotation, TaskType.VideoPlaybackAnnotation,
    TaskType.ImageAnnotation, TaskType.TextCollection, TaskType.NamedEntityRecognition,
]
ATTACHMENTS = [{"type": "image", "content": "https://i.imgur.com/bGjrNzl.jpeg"}]


def answer(word):
    field = {"type": "category", "field_id": "answer_reasonable", "response": [[word]]}
    return {"annotations": {"answer_reasonable": field}}


@pytest.fixture(scope="module")
def project(live):
    """The project of the README: its tasks inherit what to ask."""
    return live.create_project("test_project", TaskType.TextCollection, params={"fields": FIELDS}, rapid=True).name


def test_the_readme_creates_an_evaluation_task_for_the_review_phase(live, project):
    task = live.create_evaluation_task(
        TaskType.TextCollection, project=project, attachments=ATTACHMENTS, initial_response=answer("yes"),
        expected_response=answer("no"),
    )
    document = task.as_dict()
    assert isinstance(task, EvaluationTask) and isinstance(task, QualityTask)
    assert task.id == document["id"] and "task_id" not in document
    assert task.expected_response == document["expected_response"] == answer("no")
    assert document["initial_response"] == answer("yes")
    assert str(task) == f"EvaluationTask(id={task.id})" and hash(task) == hash(task.id)
    # It is no task of its own: nothing lists it, and it calls nobody back.
    assert live.tasks(project=project).total == 0


def test_a_training_task_needs_no_initial_response(live, project):
    task = live.create_training_task(
        TaskType.TextCollection, project=project, attachments=ATTACHMENTS, expected_response=answer("no")
    )
    assert isinstance(task, TrainingTask) and task.expected_response == answer("no")
    assert str(task) == f"TrainingTask(id={task.id})" and "initial_response" not in task.as_dict()
    assert live.tasks(project=project).total == 0


@pytest.mark.parametrize("task_type", TYPES, ids=lambda task_type: task_type.value)
def test_every_supported_type_has_both_kinds(live, task_type):
    name = f"rapid {task_type.value}"
    live.create_project(name, task_type, rapid=True)
    expected = {"annotations": [], "seen": task_type.value}
    made = [
        create(task_type, project=name, expected_response=expected, **PAYLOADS[task_type])
        for create in (live.create_evaluation_task, live.create_training_task)
    ]
    assert [task.expected_response for task in made] == [expected, expected]
    assert len({task.id for task in made}) == 2


def test_what_does_not_fit_is_refused(live, project):
    live.create_project("enterprise", TaskType.TextCollection, params={"fields": FIELDS})
    right = {"project": project, "attachments": ATTACHMENTS, "expected_response": answer("no")}
    for create in (live.create_evaluation_task, live.create_training_task):
        for change, reason in (
            ({"expected_response": None}, '"expected_response" is required'),
            ({"project": "enterprise"}, "Rapid"),
        ):
            with pytest.raises(ScaleInvalidRequest) as refusal:
                create(TaskType.TextCollection, **{**right, **change})
            assert reason in refusal.value.message
        with pytest.raises(ScaleInvalidRequest) as refusal:
            create(TaskType.Categorization, expected_response={"category": "cat"}, **PAYLOADS[TaskType.Categorization])
        assert "categorization" in refusal.value.message
        with pytest.raises(ScaleResourceNotFound):
            create(TaskType.TextCollection, **{**right, "project": "nobody's"})
