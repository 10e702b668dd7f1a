"""What the official Python SDK reads as the result of a task of each type: of the documented shape, and what was asked."""

import base64
import json
import random
import re
import urllib.error
import urllib.request

import pytest
import scaleapi
from scaleapi.tasks import TaskType

from processes import wait_until
from task_payloads import BOXES, FIELDS, FRAMES, OCCLUSION, PAYLOADS, PICTURE, PICTURES

# Nothing is wrong on purpose in these tests; every picture of the simulator is 1920 by 1080.
SIMULATOR = ("--completion-delay", 0.01, "--fault-share", 0)
WIDTH, HEIGHT = 1920, 1080
TIMES = 12
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def results(client, task_type, **more):
    """The tasks of this type, several, for each is made up anew; all are completed."""
    made = [client.create_task(task_type, **{**PAYLOADS[task_type], **more}) for _ in range(TIMES)]
    assert {task.status for task in made} == {"completed"}
    assert [client.get_task(task.id).response for task in made] == [task.response for task in made]
    return made


def fetch(url, key=None):
    request = urllib.request.Request(url)
    if key:
        request.add_header("authorization", "Basic " + base64.b64encode(f"{key}:".encode()).decode())
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.read()


def files(tasks, member="annotations"):
    # Result files open to a live key, whichever mode their task belongs to.
    return [json.loads(fetch(task.response[member]["url"], "live_simulator")) for task in tasks]


def inside(x, y):
    return 0 <= x <= WIDTH and 0 <= y <= HEIGHT


def check_box(box, least=8):
    assert inside(box["left"], box["top"]) and inside(box["left"] + box["width"], box["top"] + box["height"])
    assert box["width"] >= least and box["height"] >= least


def test_boxes_are_inside_and_as_asked(quick):
    tasks = results(quick, TaskType.ImageAnnotation)
    notes = [note for task in tasks for note in task.response["annotations"]]
    assert len({json.dumps(task.response) for task in tasks}) > 1 and len(notes) > TIMES
    for note in notes:
        assert note["type"] == "box" and note["label"] in ("truck", "person") and UUID.fullmatch(note["uuid"])
        assert note["attributes"]["occlusion"] in OCCLUSION["occlusion"]["choices"]
        check_box(note)
    assert len({note["uuid"] for note in notes}) == len(notes)
    assert {note["label"] for note in notes} == {"truck", "person"}


def test_every_geometry_has_its_shape(quick):
    kinds = {kind: {"objects_to_annotate": [f"a {kind}"]} for kind in ("polygon", "line", "point", "ellipse", "cuboid")}
    for task in results(quick, TaskType.ImageAnnotation, geometries=kinds):
        notes = {note["type"]: note for note in task.response["annotations"]}
        assert set(notes) == set(kinds)
        assert all(note["label"] == f"a {kind}" for kind, note in notes.items())
        assert inside(notes["point"]["x"], notes["point"]["y"])
        for kind, least, most in (("polygon", 3, 99), ("line", 2, 99), ("ellipse", 4, 4), ("cuboid", 6, 8)):
            vertices = notes[kind]["vertices"]
            assert least <= len(vertices) <= most and all(inside(point["x"], point["y"]) for point in vertices), kind
        names = {vertex["description"] for vertex in notes["cuboid"]["vertices"]}
        assert {"face-topleft", "face-bottomleft", "face-topright", "face-bottomright"} <= names
        assert isinstance(notes["cuboid"]["edges"], list)


@pytest.mark.parametrize("task_type", [TaskType.Annotation, TaskType.PolygonAnnotation, TaskType.LineAnnotation,
                                       TaskType.PointAnnotation, TaskType.CuboidAnnotation])
def test_the_old_types_answer_without_a_type(quick, task_type):
    for task in results(quick, task_type):
        assert task.response["annotations"]
        for note in task.response["annotations"]:
            assert note["label"] == "truck" and not {"type", "uuid", "attributes"} & set(note)
            if task_type is TaskType.Annotation:
                check_box(note)


def test_a_category_is_one_of_those_asked_or_several(quick):
    found = {task.response["category"] for task in results(quick, TaskType.Categorization)}
    assert found == {"public", "private"}
    several = results(quick, TaskType.Categorization, categories=["a", "b", "c"], allow_multiple=True)
    for task in several:
        assert task.response["category"] and set(task.response["category"]) <= {"a", "b", "c"}
    assert max(len(task.response["category"]) for task in several) > 1


def test_every_field_of_a_text_is_answered(quick):
    number = {"type": "number", "field_id": "how_many", "title": "How many?"}
    for task in results(quick, TaskType.TextCollection, fields=[*FIELDS, number]):
        answers = task.response["annotations"]
        assert list(answers) == ["answer_reasonable", "why", "how_many"]
        for field in [*FIELDS, number]:
            answer = answers[field["field_id"]]
            assert (answer["type"], answer["field_id"]) == (field["type"], field["field_id"])
        assert answers["answer_reasonable"]["response"] in ([["yes"]], [["no"]])
        [[why]] = answers["why"]["response"]
        assert isinstance(why, str) and 0 < len(why) <= 200


def test_entities_are_where_they_say(quick):
    text = PAYLOADS[TaskType.NamedEntityRecognition]["text"]
    tasks = results(quick, TaskType.NamedEntityRecognition)
    for task in tasks:
        assert task.response["annotations"] and isinstance(task.response["relationships"], list)
        for note in task.response["annotations"]:
            assert text[note["start"]:note["end"]] == note["text"] != "" and note["label"] in ("person", "place")
        assert len({note["id"] for note in task.response["annotations"]}) == len(task.response["annotations"])


def test_segments_are_pictures_with_a_mapping(quick):
    for task in results(quick, TaskType.SegmentAnnotation):
        found, mapping = task.response["annotations"], task.response["labelMapping"]
        assert {"road", "sky"} <= set(mapping) <= {"road", "sky", "car", "unlabeled"}
        labeled = [url for value in found["labeled"].values() if value for url in (value if isinstance(value, list) else [value])]
        for url in [*labeled, found["combined"]["image"], found["combined"]["indexedImage"]]:
            assert url.startswith("http")
        rows = [row for value in mapping.values() for row in (value if isinstance(value, list) else [value])]
        assert len({row["index"] for row in rows}) == len(rows)
        # Served, and pictures in truth.
        assert fetch(found["combined"]["image"], "live_simulator").startswith(b"\x89PNG\r\n\x1a\n")


def test_a_video_is_a_file_with_notes_for_every_frame(quick):
    tasks = results(quick, TaskType.VideoAnnotation)
    for frames in files(tasks):
        assert len(frames) == len(PICTURES)
        labels = {}
        for note in (note for frame in frames for note in frame["annotations"]):
            check_box(note)
            assert note["label"] in ("truck", "person") and UUID.fullmatch(note["uuid"])
            # One thing keeps its label through the frames.
            assert labels.setdefault(note["uuid"], note["label"]) == note["label"]
        assert labels


def test_a_playback_is_a_file_of_things_with_their_frames(quick):
    for things in files(results(quick, TaskType.VideoPlaybackAnnotation)):
        assert things
        for name, thing in things.items():
            assert UUID.fullmatch(name) and thing["label"] in ("truck", "person") and thing["geometry"] == "box"
            assert thing["frames"]
            for frame in thing["frames"]:
                check_box(frame)
                assert "key" in frame and "timestamp" in frame
            keys = [frame["key"] for frame in thing["frames"]]
            assert keys == sorted(set(keys))


def test_lidar_is_a_file_of_cuboids_for_every_frame(quick):
    for frames in files(results(quick, TaskType.LidarAnnotation)):
        assert len(frames) == len(FRAMES)
        for cuboid in (cuboid for frame in frames for cuboid in frame["cuboids"]):
            assert cuboid["label"] in ("car", "pedestrian") and UUID.fullmatch(cuboid["uuid"])
            assert set(cuboid["position"]) == set(cuboid["dimensions"]) == {"x", "y", "z"}
            assert all(value > 0 for value in cuboid["dimensions"].values()) and isinstance(cuboid["yaw"], float | int)
        assert any(frame["cuboids"] for frame in frames)


def test_lidar_segments_and_links_are_files_too(quick):
    assert files(results(quick, TaskType.LidarSegmentation), "point_segmentations")
    for frames in files(results(quick, TaskType.LidarLinking)):
        for note in (note for frame in frames for camera in frame["camera_responses"] for note in camera["annotations"]):
            assert UUID.fullmatch(note["cuboid_uuid"]) and note["type"]


def test_a_document_is_transcribed_within_its_pages(quick):
    for task in results(quick, TaskType.DocumentTranscription):
        assert task.document_pages and all(page["width"] > 0 and page["height"] > 0 for page in task.document_pages)
        assert task.response["annotations"]
        for note in task.response["annotations"]:
            assert note["label"] == "barcode" and UUID.fullmatch(note["uuid"]) and note["text"]
            assert 0 <= note["page"] < len(task.document_pages) and note["location"]["type"] in ("box", "polygon")


def test_the_small_types_answer_what_was_asked(quick):
    assert {task.response["choice"] for task in results(quick, TaskType.Comparison)} == {"same", "different"}
    for task in results(quick, TaskType.DataCollection):
        assert set(task.response["fields"]) == {"hiring_page"}
    for task in results(quick, TaskType.Transcription):
        assert set(task.response["fields"]) == {"title"}
        assert task.response["repeatable_fields"]
        assert all(set(row) == {"username"} for row in task.response["repeatable_fields"])


def test_a_result_file_opens_to_a_live_key_only(live):
    task = live.create_task(TaskType.LidarAnnotation, **PAYLOADS[TaskType.LidarAnnotation])
    wait_until(lambda: live.get_task(task.id).status == "completed", "the task", 30)
    task.refresh()
    url = task.response["annotations"]["url"]
    assert url.startswith(f"{live.api.base_api_url}/task/{task.id}/response_url/")
    assert len(json.loads(fetch(url, "live_simulator"))) == len(FRAMES)
    for key in (None, "stranger", "test_simulator"):
        with pytest.raises(urllib.error.HTTPError) as refusal:
            fetch(url, key)
        assert refusal.value.code == 401
    with pytest.raises(urllib.error.HTTPError) as refusal:
        fetch(url[:-1] + random.choice("xyz"), "live_simulator")
    assert refusal.value.code == 404


def test_some_are_wrong_on_purpose_and_the_books_know_which(simulator):
    scale = simulator("--fault-share", 0.5, "--seed", 3)
    quick = scaleapi.ScaleClient("test_simulator", api_instance_url=scale.url)
    made = [quick.create_task(TaskType.ImageAnnotation, attachment=PICTURE, geometries=BOXES) for _ in range(60)]
    faults = {row["task_id"]: row["planted_fault"] for row in scale.pages("tasks")}
    wrong = [task for task in made if faults[task.id]]
    assert 15 < len(wrong) < 45 and len({faults[task.id] for task in wrong}) > 1
    # The same seed makes the same world.
    again = simulator("--fault-share", 0.5, "--seed", 3)
    client = scaleapi.ScaleClient("test_simulator", api_instance_url=again.url)
    twins = [client.create_task(TaskType.ImageAnnotation, attachment=PICTURE, geometries=BOXES) for _ in range(60)]
    assert [task.response for task in twins] == [task.response for task in made]
