"""The official Python SDK on files, teams and Studio: who works on what, in which order, and with which pictures."""

import io
import json
import random
import re
import struct
import zlib

import pytest
import scaleapi
from scaleapi.exceptions import (
    ScaleDuplicateResource,
    ScaleException,
    ScaleInvalidRequest,
    ScaleResourceNotFound,
    ScaleUnauthorized,
)
from scaleapi.studio import StudioBatchStatus, StudioWorker
from scaleapi.tasks import TaskType
from scaleapi.teams import TeammateRole

from task_payloads import BOXES

SIMULATOR = ("--completion-delay", 36_000)
IMAGE = TaskType.ImageAnnotation
HELPERS = ["ada@example.com", "grace.hopper@example.com", "linus@example.com"]


def picture():
    """A small picture in PNG: eight by eight grey points."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    points = zlib.compress(b"".join(b"\x00" + bytes(range(row, row + 8)) for row in range(8)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", points) + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def project(live):
    return live.create_project("test_project", IMAGE, rapid=True).name


def test_a_picture_is_uploaded_and_becomes_an_attachment(live, project, tmp_path):
    path = tmp_path / "dock ü.png"
    path.write_bytes(picture())
    with open(path, "rb") as opened:
        file = live.upload_file(
            file=opened, project_name=project, display_name="The dock", reference_id="dock/1",
            metadata=json.dumps({"camera": 4, "tags": ["night"]}),
        )
    document = file.as_dict()
    assert re.fullmatch(r"scaledata://[0-9a-f]+/[0-9a-f-]{36}", file.attachment_url)
    assert document["id"] == file.id and document["attachment_url"] == file.attachment_url
    assert (document["mime_type"], document["size"]) == ("image/png", len(picture()))
    assert document["project_names"] == [project] and document["reference_id"] == "dock/1"
    assert document["metadata"] == {"camera": 4, "tags": ["night"]}
    assert document["created_at"] <= document["updated_at"]
    assert str(file) == f"File(id={file.id})" and hash(file) == hash(file.id)
    task = live.create_task(IMAGE, attachment=file.attachment_url, attachment_type="image", geometries=BOXES)
    assert live.get_task(task.id).params["attachment"] == file.attachment_url

    with pytest.raises(ScaleDuplicateResource) as refusal, open(path, "rb") as opened:
        live.upload_file(file=opened, reference_id="dock/1")
    assert file.id in refusal.value.message or "dock/1" in refusal.value.message


def test_a_test_task_finds_the_file_of_its_own_mode_only(quick, live):
    uploaded = {mode: client.upload_file(io.BytesIO(picture())) for mode, client in (("test", quick), ("live", live))}
    assert uploaded["test"].attachment_url != uploaded["live"].attachment_url
    own = quick.create_task(IMAGE, attachment=uploaded["test"].attachment_url, geometries=BOXES)
    assert own.status == "completed" and "annotations" in own.response
    foreign = quick.create_task(IMAGE, attachment=uploaded["live"].attachment_url, geometries=BOXES)
    assert foreign.status == "error"
    assert foreign.response["attachments"][0]["url"] == uploaded["live"].attachment_url


@pytest.mark.parametrize("size", [0, 1, 65_536, 5_000_003])
def test_every_size_arrives_whole(live, tmp_path, size):
    path = tmp_path / "data.bin"
    path.write_bytes(random.Random(size).randbytes(size))
    with open(path, "rb") as opened:
        assert live.upload_file(file=opened).as_dict()["size"] == size


def test_an_upload_needs_a_file_and_right_words(live, project):
    with pytest.raises(ScaleInvalidRequest) as refusal:
        live.upload_file(io.BytesIO(picture()), metadata="{not JSON")
    assert "metadata" in refusal.value.message
    with pytest.raises(ScaleResourceNotFound):
        live.upload_file(io.BytesIO(picture()), project_name="nobody's")
    stranger = scaleapi.ScaleClient("stranger", api_instance_url=live.api.base_api_url)
    with pytest.raises(ScaleUnauthorized):
        stranger.upload_file(io.BytesIO(picture()))


def test_more_than_eighty_megabytes_are_refused(live):
    with pytest.raises(ScaleException) as refusal:
        live.upload_file(io.BytesIO(bytes(80 * 1024 * 1024 + 1)))
    assert refusal.value.code in (400, 413)
    # And the next call works.
    assert live.upload_file(io.BytesIO(b"small")).as_dict()["size"] == 5


def test_a_file_is_imported_without_dialling_anywhere(live, project):
    file = live.import_file(
        file_url="http://i.imgur.com/v4cBreD.jpg", project_name=project, reference_id="import/1", metadata={"n": 1},
    )
    document = file.as_dict()
    assert file.attachment_url.startswith("scaledata://") and document["mime_type"] == "image/jpeg"
    assert document["project_names"] == [project] and document["metadata"] == {"n": 1} and document["size"] > 0
    again = live.import_file("http://i.imgur.com/v4cBreD.jpg")
    assert again.id != file.id and again.attachment_url != file.attachment_url
    with pytest.raises(ScaleDuplicateResource):
        live.import_file("http://i.imgur.com/other.jpg", reference_id="import/1")
    for url in ("", "ftp://example.com/a", "/etc/passwd"):
        with pytest.raises(ScaleInvalidRequest) as refusal:
            live.import_file(url)
        assert "file_url" in refusal.value.message


def roles(teammates):
    return {teammate.email: teammate.role for teammate in teammates}


def test_teammates_are_invited_listed_and_given_roles(live, quick):
    before = roles(live.list_teammates())
    emails = ["email1@example.com", "email2@example.com"]
    invited = live.invite_teammates(emails, TeammateRole.Member)
    assert roles(invited) == {**before, "email1@example.com": "member", "email2@example.com": "member"}
    assert roles(live.list_teammates()) == roles(invited)
    changed = live.update_teammates_role(emails, TeammateRole.Manager)
    assert roles(changed) == {**roles(invited), "email1@example.com": "manager", "email2@example.com": "manager"}
    for role in TeammateRole:
        [one] = [mate for mate in live.list_teammates() if mate.email == "email1@example.com"]
        answer = roles(one.update_teammate_role(role))
        assert answer == roles(live.list_teammates()) and answer["email1@example.com"] == role.value
        assert answer["email2@example.com"] == "manager"
    # An invitation of somebody who is there changes nothing, and the modes have their own teams.
    live.invite_teammates(["email2@example.com"], TeammateRole.Labeler)
    assert roles(live.list_teammates())["email2@example.com"] == "manager"
    assert "email1@example.com" not in roles(quick.list_teammates())


def test_a_teammate_has_the_members_that_the_sdk_reads(live):
    live.invite_teammates(["marie.curie@example.com"], TeammateRole.Labeler)
    [mate] = [mate for mate in live.list_teammates() if mate.email == "marie.curie@example.com"]
    document = mate.as_dict()
    assert {"email", "role", "company", "firstName", "lastName", "isStudioLabeler", "expiry"} == set(document)
    assert (mate.first_name, mate.last_name, mate.company) == ("Marie", "Curie", document["company"])
    assert mate.is_studio_labeler is True and mate.expiry == document["expiry"]
    assert str(mate) == f"Teammate(email={mate.email})" and hash(mate) == hash(mate.email)


def test_a_team_refuses_what_is_no_address_and_whom_it_does_not_know(live):
    before = roles(live.list_teammates())
    for wrong in (["not an address"], []):
        with pytest.raises(ScaleInvalidRequest) as refusal:
            live.invite_teammates(wrong, TeammateRole.Member)
        assert "emails" in refusal.value.message
    with pytest.raises(ScaleResourceNotFound) as refusal:
        live.update_teammates_role(["nobody@example.com"], TeammateRole.Admin)
    assert "nobody@example.com" in refusal.value.message
    assert roles(live.list_teammates()) == before


@pytest.fixture(scope="module")
def studio(live):
    """Two Studio projects, people to work on them, and three batches of which the last is finished."""
    live.invite_teammates(HELPERS, TeammateRole.Labeler)
    for name in ("project 1", "project/2"):
        live.create_project(name, IMAGE, studio=True)
    for number, name in enumerate(("first", "second", "third")):
        live.create_batch("project 1", name, calibration_batch=name == "second")
        for _ in range(number):
            live.create_task(IMAGE, batch=name, attachment="https://assets.example.com/1.jpg", geometries=BOXES)
    return live


def test_people_are_assigned_to_projects_and_taken_off(studio):
    ada, grace, linus = HELPERS
    added = studio.add_studio_assignments([ada, grace], ["project 1", "project/2"])
    assert {email: sorted(added[email].assigned_projects) for email in (ada, grace)} == {
        ada: ["project 1", "project/2"], grace: ["project 1", "project/2"],
    }
    assert linus not in added or added[linus].assigned_projects == []
    assert added[ada].email == ada and added[ada].as_dict() == added[ada].assigned_projects
    assert str(added[ada]) == f"StudioLabelerAssignment(email={ada},assigned_projects={added[ada].assigned_projects})"

    removed = studio.remove_studio_assignments([grace], ["project/2"])
    assert removed[grace].assigned_projects == ["project 1"]
    assert sorted(removed[ada].assigned_projects) == ["project 1", "project/2"]
    listed = studio.list_studio_assignments()
    assert {email: found.assigned_projects for email, found in listed.items()} == {
        email: found.assigned_projects for email, found in removed.items()
    }
    # Once more is not twice.
    again = studio.add_studio_assignments([ada], ["project 1"])
    assert sorted(again[ada].assigned_projects) == ["project 1", "project/2"]
    with pytest.raises(ScaleResourceNotFound):
        studio.add_studio_assignments([ada], ["no project"])


@pytest.fixture(scope="module")
def assigned(studio):
    """The same, with everybody but one assigned to both projects."""
    studio.add_studio_assignments(HELPERS[:2], ["project 1", "project/2"])
    return studio


def members(group):
    return [worker["email"] for worker in group.as_dict()["workers"]]


def test_groups_of_labelers_are_made_changed_and_listed(assigned):
    ada, grace, linus = HELPERS
    group = assigned.create_project_group("project/2", [ada], "night / shift")
    assert (group.name, group.numWorkers, members(group)) == ("night / shift", 1, [ada])
    assert isinstance(group.isSingleton, bool) and str(group) == "StudioProjectGroup(name=night / shift)"
    # The SDK keeps the workers in a list within a tuple.
    [[worker]] = group.workers
    assert isinstance(worker, StudioWorker) and worker.email == ada and hash(worker) == hash(worker.id)
    assert worker.as_dict() == {"id": worker.id, "email": ada}

    grown = assigned.update_project_group("project/2", "night / shift", [grace], [])
    assert (grown.id, grown.numWorkers, members(grown)) == (group.id, 2, [ada, grace])
    changed = assigned.update_project_group("project/2", "night / shift", [], [ada])
    assert (changed.numWorkers, members(changed)) == (1, [grace])
    assert [found.as_dict() for found in assigned.list_project_groups("project/2")] == [changed.as_dict()]
    assert "night / shift" not in [found.name for found in assigned.list_project_groups("project 1")]

    with pytest.raises(ScaleDuplicateResource):
        assigned.create_project_group("project/2", [ada], "night / shift")
    # Only who is assigned to the project can join its groups.
    for call in (lambda: assigned.create_project_group("project/2", [linus], "outsiders"),
                 lambda: assigned.update_project_group("project/2", "night / shift", [linus], [])):
        with pytest.raises(ScaleInvalidRequest) as refusal:
            call()
        assert linus in refusal.value.message
    for call in (lambda: assigned.list_project_groups("no project"),
                 lambda: assigned.create_project_group("no project", [ada], "g"),
                 lambda: assigned.update_project_group("project/2", "no group", [ada], [])):
        with pytest.raises(ScaleResourceNotFound):
            call()
    assert [found.as_dict() for found in assigned.list_project_groups("project/2")] == [changed.as_dict()]


def test_pending_batches_are_listed_and_given_to_groups(assigned):
    assigned.create_project_group("project 1", HELPERS[:1], "day shift")
    batches = assigned.list_studio_batches()
    assert [batch.name for batch in batches] == ["first", "second", "third"]
    assert [(batch.total, batch.completed, batch.groups) for batch in batches] == [(0, 0, []), (1, 0, []), (2, 0, [])]
    assert [batch.batch_type for batch in batches] == [StudioBatchStatus.Production.value, "Calibration", "Production"]
    assert {batch.project_name for batch in batches} == {"project 1"} and len({batch.project_id for batch in batches}) == 1
    assert len({batch.id for batch in batches}) == 3 and str(batches[0]) == "StudioBatch(name=first)"
    assert hash(batches[0]) == hash(batches[0].id)

    given = assigned.assign_studio_batches("second", ["day shift"])
    assert (given.name, given.groups) == ("second", ["day shift"])
    listed = {batch.name: batch.as_dict() for batch in assigned.list_studio_batches()}
    assert listed["second"] == given.as_dict() and listed["first"]["groups"] == []
    assert assigned.assign_studio_batches("second", []).groups == []
    for call in (lambda: assigned.assign_studio_batches("no batch", ["day shift"]),
                 lambda: assigned.assign_studio_batches("second", ["no group"])):
        with pytest.raises(ScaleResourceNotFound):
            call()


def test_priorities_are_set_for_all_pending_batches_and_reset(assigned):
    def names(batches):
        return [batch.name for batch in batches]

    order = ["third", "first", "second"]
    ordered = assigned.set_studio_batches_priorities(order)
    assert names(ordered) == names(assigned.list_studio_batches()) == order
    priorities = [batch.studio_priority for batch in ordered]
    assert None not in priorities and priorities == sorted(priorities) and len(set(priorities)) == 3
    # All of them must be named, each once.
    for wrong in (["first", "second"], ["first", "second", "second"], ["first", "second", "third", "fourth"]):
        with pytest.raises(ScaleInvalidRequest):
            assigned.set_studio_batches_priorities(wrong)
    assert names(assigned.list_studio_batches()) == order
    # Older first again.
    assert names(assigned.reset_studio_batches_priorities()) == ["first", "second", "third"]
    assert names(assigned.list_studio_batches()) == ["first", "second", "third"]


def test_a_finished_batch_is_pending_no_more(quick):
    quick.create_project("quick studio", IMAGE, studio=True)
    for name in ("finished", "waiting"):
        quick.create_batch("quick studio", name)
        quick.create_task(IMAGE, batch=name, attachment="https://assets.example.com/1.jpg", geometries=BOXES)
    assert [batch.name for batch in quick.list_studio_batches()] == ["finished", "waiting"]
    assert quick.finalize_batch("finished").status in ("in_progress", "completed")
    assert quick.batch_status("finished")["status"] == "completed"
    assert [batch.name for batch in quick.list_studio_batches()] == ["waiting"]
