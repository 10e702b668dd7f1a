"""The official Nucleus SDK appends items both ways, follows the jobs to their ends and reads what went wrong."""

import re

import nucleus
import pytest
from nucleus import async_job
from nucleus.async_job import AsyncJob, JobError, JobStatus
from nucleus.errors import NotFoundError, NucleusAPIError
from nucleus.job import CustomerJobTypes

# Jobs take a twentieth of a second.
SIMULATOR = ("--completion-delay", 0.05)
# The SDK uses what the newest versions of its libraries are going to drop.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:nucleus")
GONE = "https://gone.invalid/picture.jpg"


@pytest.fixture(autouse=True)
def short_naps(monkeypatch):
    # The SDK asks for the state of a job every five seconds; that is all that is changed in it.
    monkeypatch.setattr(async_job, "JOB_POLLING_INTERVAL", 0.02)


@pytest.fixture(scope="module")
def client(scale):
    return nucleus.NucleusClient(api_key="live_simulator", endpoint=f"{scale.url}/nucleus")


@pytest.fixture
def dataset(client, request):
    """An empty dataset, known by its id only."""
    made = client.create_dataset(request.node.name, is_scene=False)
    return client.get_dataset(made.id)


def remote(number, **metadata):
    url = f"https://assets.example.com/{number}.jpg"
    return nucleus.DatasetItem(image_location=url, reference_id=f"item/{number}", metadata=metadata)


def finish(job):
    """Waits as a user of the SDK does; what the job said at its end."""
    job.sleep_until_complete(verbose_std_out=False)
    status = job.status()
    assert status["status"] == JobStatus.COMPLETED and job.job_last_known_status == "Completed"
    assert int(status["completed_steps"]) == int(status["total_steps"])
    assert float(status["job_progress"]) == 1 and job.errors() == []
    return status


def counts(status):
    return tuple(status["message"][name] for name in ("new_items", "updated_items", "ignored_items"))


def asked(scale, number):
    """Method, path and status of the requests from this number on, without those that only look at jobs."""
    rows = [(method, path.removeprefix("/v1/nucleus"), status) for method, path, status in scale.requests()[number:]]
    return [row for row in rows if not row[1].startswith("/job/")]


def test_remote_items_go_by_way_of_a_signed_url(client, scale, dataset):
    before = len(scale.requests())
    job = dataset.append([remote(number, camera=4, note="ü\n\"") for number in range(5)])
    assert isinstance(job, AsyncJob) and job.job_type == CustomerJobTypes.UPLOAD_DATASET_ITEMS
    assert job.job_id and re.match(r"\d{4}-\d\d-\d\dT", job.job_creation_time)
    status = finish(job)
    assert status["job_id"] == job.job_id and counts(status) == (5, 0, 0)
    (privacy, sign, put, append) = asked(scale, before)
    assert privacy == ("GET", f"/dataset/{dataset.id}/use_privacy_mode", 200)
    assert re.fullmatch(rf"/dataset/{dataset.id}/signedUrl/[0-9a-f]{{32}}", sign[1]) and (sign[0], sign[2]) == ("GET", 200)
    assert (put[0], put[2]) == ("PUT", 200)
    assert append == ("POST", f"/dataset/{dataset.id}/append?async=1", 200)
    assert [item.reference_id for item in dataset.items] == [f"item/{number}" for number in range(5)]
    assert all(item.metadata == {"camera": 4, "note": "ü\n\""} for item in dataset.items)


def test_a_job_runs_before_it_is_completed(simulator):
    slow = simulator("--completion-delay", 36_000)
    client = nucleus.NucleusClient(api_key="live_simulator", endpoint=f"{slow.url}/nucleus")
    dataset = client.create_dataset("slow", is_scene=False)
    job = dataset.append([remote(1)])
    assert job.job_last_known_status == JobStatus.QUEUED
    # Whatever is not "Running" ends the wait of the SDK, so even a queued job has to be called so.
    status = job.status()
    assert (status["status"], status["completed_steps"], status["job_progress"]) == ("Running", 0, "0.00")
    assert job.errors() == []
    assert [found.job_id for found in client.list_jobs(dataset_id=dataset.id)] == [job.job_id]


def test_known_items_are_ignored_or_updated(client, dataset):
    assert counts(finish(dataset.append([remote(1), remote(2)]))) == (2, 0, 0)
    assert counts(finish(dataset.append([remote(2, a=1), remote(3)]))) == (1, 0, 1)
    assert {item.reference_id: item.metadata for item in dataset.items} == {"item/1": {}, "item/2": {}, "item/3": {}}
    assert counts(finish(dataset.append([remote(1, a=1), remote(2, a=1), remote(4)], update=True))) == (1, 2, 0)
    found = {item.reference_id: (item.image_location, item.metadata) for item in dataset.items}
    assert found == {
        f"item/{number}": (f"https://assets.example.com/{number}.jpg", {"a": 1} if number < 3 else {})
        for number in (1, 2, 3, 4)
    }
    # Another dataset knows nothing of them.
    other = client.create_dataset("other", is_scene=False)
    assert counts(finish(other.append([remote(1)]))) == (1, 0, 0)


def make_pictures(folder, count):
    items = []
    for number in range(count):
        path = folder / f"picture {number}.png"
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes([number]) * (1000 + number))
        items.append(nucleus.DatasetItem(image_location=str(path), reference_id=f"local/{number}", metadata={"n": number}))
    return items


def test_local_items_are_sent_as_forms_of_ten_at_most(client, scale, dataset, tmp_path):
    items = make_pictures(tmp_path, 25)
    before = len(scale.requests())
    # The last job is of the remaining five; the ones before were waited for within the call.
    assert counts(finish(dataset.append(items))) == (5, 0, 0)
    assert asked(scale, before)[1:] == [("POST", f"/dataset/{dataset.id}/append?async=1", 200)] * 3
    jobs = client.list_jobs(show_completed=True, dataset_id=dataset.id)
    assert sorted(counts(job.status()) for job in jobs) == [(5, 0, 0), (10, 0, 0), (10, 0, 0)]
    assert {item.reference_id: item.metadata for item in dataset.items} == {
        f"local/{number}": {"n": number} for number in range(25)
    }
    for item in items[:4]:
        item.metadata = {"seen": True}
    assert counts(finish(dataset.append(items[:6], update=True, local_files_per_upload_request=6))) == (0, 6, 0)
    assert sum(item.metadata == {"seen": True} for item in dataset.items) == 4
    assert counts(finish(dataset.append(items[:4]))) == (0, 0, 4)


def test_a_local_file_that_is_missing_is_never_sent(scale, dataset):
    before = len(scale.requests())
    lost = nucleus.DatasetItem(image_location="/nowhere/1.png", reference_id="lost")
    with pytest.raises(NotFoundError):
        dataset.append([lost])
    assert [method for method, _, _ in asked(scale, before)] == ["GET"] and dataset.items == []


def test_a_job_that_failed_in_part_says_which_items(dataset):
    gone = nucleus.DatasetItem(image_location=GONE, reference_id="item/gone")
    job = dataset.append([remote(1), gone, remote(2)])
    with pytest.raises(JobError) as failure:
        job.sleep_until_complete(verbose_std_out=False)
    assert job.job_last_known_status == JobStatus.ERRORED_PARTIAL == job.status()["status"]
    assert "Errored_Partial" in str(failure.value) and job.job_id in str(failure.value)
    [error] = job.errors()
    assert "item/gone" in error and "could not be downloaded" in error
    # What went well is there, in the order it came.
    assert [item.reference_id for item in dataset.items] == ["item/1", "item/2"]
    assert counts(finish(dataset.append([remote(1), remote(2)]))) == (0, 0, 2)


def test_a_job_without_any_good_item_failed_as_a_whole(dataset):
    gone = [nucleus.DatasetItem(image_location=GONE, reference_id=f"gone/{number}") for number in range(3)]
    job = dataset.append(gone)
    with pytest.raises(JobError):
        job.sleep_until_complete(verbose_std_out=False)
    assert job.status()["status"] == JobStatus.ERRORED_USER and dataset.items == []
    errors = job.errors()
    assert [f"gone/{number}" in error for number, error in enumerate(errors)] == [True] * 3


def test_jobs_are_found_again(client, dataset):
    job = dataset.append([remote(1)])
    finish(job)
    for found in (client.get_job(job.job_id), AsyncJob.from_id(job.job_id, client)):
        assert (found.job_id, found.job_type, found.job_creation_time) == (
            job.job_id, job.job_type, job.job_creation_time,
        )
        assert found.job_last_known_status == "Completed" and found.status()["status"] == "Completed"
    # Without `show_completed` only those that still run are listed.
    assert client.list_jobs(dataset_id=dataset.id) == []
    wanted = {"dataset_id": dataset.id, "show_completed": True}
    assert [found.job_id for found in client.list_jobs(**wanted)] == [job.job_id]
    assert client.list_jobs(job_types=[CustomerJobTypes.UPLOAD_PREDICTIONS], **wanted) == []
    assert len(client.list_jobs(job_types=[CustomerJobTypes.UPLOAD_DATASET_ITEMS], **wanted)) == 1
    assert client.list_jobs(to_date="2000-01-01", **wanted) == []
    newest = client.list_jobs(from_date="2000-01-01", limit=1, show_completed=True)
    assert [found.job_id for found in newest] == [job.job_id]


def test_a_dataset_lives_and_ends(client, dataset):
    assert dataset.name == "test_a_dataset_lives_and_ends" and dataset.is_scene is False
    assert dataset.id in [found.id for found in client.datasets]
    finish(dataset.append([remote(number, n=number) for number in range(7)]))
    assert [item.reference_id for item in dataset.items_generator(page_size=3)] == [f"item/{n}" for n in range(7)]
    assert dataset.refloc("item/3")["item"].metadata == {"n": 3} and dataset.size == 7
    dataset.delete_item("item/3")
    assert [item.metadata["n"] for item in dataset.items] == [0, 1, 2, 4, 5, 6] and dataset.info().length == 6
    client.delete_dataset(dataset.id)
    assert dataset.id not in [found.id for found in client.datasets]
    with pytest.raises(NucleusAPIError) as refusal:
        dataset.append([remote(1)])
    assert refusal.value.status_code == 404


def test_what_is_not_known_is_refused(client, dataset):
    job = dataset.append([remote(1)])
    stranger = nucleus.NucleusClient(api_key="stranger", endpoint=client.endpoint)
    # Test mode is another world.
    quick = nucleus.NucleusClient(api_key="test_simulator", endpoint=client.endpoint)
    for other, status in ((stranger, 401), (quick, 404)):
        as_other = AsyncJob(job.job_id, "", "", "", other)
        for call in (lambda: other.get_job(job.job_id), as_other.status, as_other.errors,
                     lambda: other.get_dataset(dataset.id).append([remote(2)])):
            with pytest.raises(NucleusAPIError) as refusal:
                call()
            assert refusal.value.status_code == status
    finish(job)
    nothing = {"requestId": "0" * 32, "update": False}
    for call, status in (
        (lambda: client.get_job("job_nobody"), 404),
        (lambda: client.get_dataset("ds_nobody").append([remote(1)]), 404),
        (lambda: client.make_request(nothing, f"dataset/{dataset.id}/append?async=1"), 400),
    ):
        with pytest.raises(NucleusAPIError) as refusal:
            call()
        assert refusal.value.status_code == status
    assert [item.reference_id for item in dataset.items] == ["item/1"]


def test_items_may_come_in_the_request_itself(client, dataset):
    # The form of the HTTP documentation, with its old answer when no job is asked for.
    item = {"image_url": "https://assets.example.com/1.jpg", "reference_id": "a", "metadata": {"b": 1}}
    route = f"dataset/{dataset.id}/append"
    job = AsyncJob.from_json(client.make_request({"items": [item], "update": False}, f"{route}?async=1"), client)
    assert counts(finish(job)) == (1, 0, 0)
    answer = client.make_request({"items": [item, {**item, "reference_id": "b"}], "update": True}, route)
    assert answer == {"dataset_id": dataset.id, "new_items": 1, "updated_items": 1, "ignored_items": 0}
    wrong = [{"reference_id": "c"}, {"image_url": item["image_url"]}, {**item, "image_url": "relative.jpg"}, "c"]
    for items in (*([one] for one in wrong), "all of them", []):
        with pytest.raises(NucleusAPIError) as refusal:
            client.make_request({"items": items, "update": False}, route)
        assert refusal.value.status_code == 400
    assert [item.reference_id for item in dataset.items] == ["a", "b"]
