"""The official Python SDK when things go wrong: every class of error, its retries over TLS, and the way through a proxy."""

import pytest
import scaleapi
from scaleapi.exceptions import (
    ExceptionMap,
    ScaleDuplicateResource,
    ScaleException,
    ScaleInternalError,
    ScaleInvalidRequest,
    ScaleResourceNotFound,
    ScaleServiceUnavailable,
    ScaleTooManyRequests,
    ScaleUnauthorized,
)
from scaleapi.tasks import TaskType

from relays import TLSRelay, TunnelProxy, make_certificate
from task_payloads import PAYLOADS

SIMULATOR = ("--completion-delay", 36_000)
TEXT = TaskType.NamedEntityRecognition


def make(client, **more):
    return client.create_task(TEXT, **PAYLOADS[TEXT], **more)


def asked(scale, number):
    """Method, path without query, and status of the requests from this number on."""
    return [(method, path.split("?")[0], status) for method, path, status in scale.requests()[number:]]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def over_tls(scale, certificate, monkeypatch):
    """The SDK over TLS, the only way on which it tries again."""
    # The look-up after a false 500 knows nothing of the client's `verify`, so the environment has to say it.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with TLSRelay(scale.url, certificate) as relay:
        yield scaleapi.ScaleClient("live_simulator", api_instance_url=relay.url, verify=str(certificate))


def test_every_class_of_error_is_raised_for_its_status(live, scale):
    assert len(ExceptionMap) == 9
    for status, kind in ExceptionMap.items():
        scale.post("fail-next", {"path_contains": "/task/", "status": status})
        with pytest.raises(ScaleException) as refusal:
            make(live, unique_id=f"refused/{status}")
        assert type(refusal.value) is kind and refusal.value.code == status
        assert refusal.value.message == "Failed by order of the simulator."
        # It failed before it had an effect, and one order is one failure.
        assert live.tasks(unique_id=f"refused/{status}").total == 0
        assert make(live, unique_id=f"refused/{status}").unique_id == f"refused/{status}"


@pytest.mark.parametrize("status", [403, 418, 502, 520, 524, 530])
def test_any_other_status_is_the_general_error(live, scale, status):
    scale.post("fail-next", {"status": status})
    with pytest.raises(ScaleException) as refusal:
        live.batches(limit=1)
    assert type(refusal.value) is ScaleException and refusal.value.code == status
    if status >= 520:
        # The network in front of Scale speaks HTML, and the SDK hands it on.
        assert refusal.value.message.startswith("<html>") and str(status) in refusal.value.message


@pytest.mark.parametrize("key", ["dummy_api_key", "LIVE_SIMULATOR", "live_simulator ", "live"])
def test_an_unknown_key_opens_nothing(scale, live, key):
    stranger = scaleapi.ScaleClient(key, "pytest", api_instance_url=scale.url)
    task = make(live)
    for call in (lambda: stranger.batches(limit=1), lambda: make(stranger), lambda: stranger.get_task(task.id),
                 lambda: task.__class__(task.as_dict(), stranger).cancel(), stranger.projects):
        with pytest.raises(ScaleUnauthorized) as refusal:
            call()
        assert refusal.value.code == 401 and key not in refusal.value.message
    assert live.get_task(task.id).status == "pending"


def test_the_sdk_wants_a_key():
    for key in ("", None):
        with pytest.raises(ScaleException):
            scaleapi.ScaleClient(key)


def test_the_real_refusals_are_of_their_classes(live):
    task = make(live, unique_id="real/1")
    with pytest.raises(ScaleDuplicateResource) as refusal:
        make(live, unique_id="real/1")
    assert task.id in refusal.value.message and refusal.value.code == 409
    with pytest.raises(ScaleInvalidRequest) as refusal:
        live.create_task(TEXT, text="Only a text")
    assert refusal.value.message == 'Parameter is invalid, reason: "labels" is required'
    with pytest.raises(ScaleResourceNotFound) as refusal:
        live.get_task("nobody")
    assert str(refusal.value) == "<Response [404]> Task with that ID not found."


def test_without_tls_nothing_is_tried_again(live, scale):
    before = len(scale.requests())
    scale.post("fail-next", {"status": 429, "retry_after": 3600})
    with pytest.raises(ScaleTooManyRequests):
        live.projects()
    scale.post("fail-next", {"reset": True})
    with pytest.raises(ScaleException) as refusal:
        live.projects()
    assert refusal.value.code is None
    assert asked(scale, before) == [("GET", "/v1/projects", 429), ("GET", "/v1/projects", None)]


def test_a_false_500_is_recovered_by_the_unique_id(over_tls, scale):
    before = len(scale.requests())
    scale.post("fail-next", {"path_contains": "/task/", "status": 500, "after_effect": True})
    task = make(over_tls, unique_id="false/500", metadata={"made": "once"})
    assert task.unique_id == "false/500" and task.metadata == {"made": "once"} and task.status == "pending"
    assert asked(scale, before) == [
        ("POST", f"/v1/task/{TEXT.value}", 500), ("POST", f"/v1/task/{TEXT.value}", 409), ("GET", "/v1/tasks", 200),
    ]
    assert [found.id for found in over_tls.tasks(unique_id="false/500")] == [task.id]


def test_a_true_duplicate_is_not_taken_for_a_recovery(over_tls, scale):
    task = make(over_tls, unique_id="true/409")
    before = len(scale.requests())
    with pytest.raises(ScaleDuplicateResource) as refusal:
        make(over_tls, unique_id="true/409")
    assert task.id in refusal.value.message
    assert asked(scale, before) == [("POST", f"/v1/task/{TEXT.value}", 409)]


@pytest.mark.parametrize("order", [
    {"status": 429, "retry_after": 0}, {"status": 429}, {"status": 408}, {"status": 503}, {"status": 524}, {"reset": True},
], ids=str)
def test_a_failure_without_effect_is_tried_again(over_tls, scale, order):
    before = len(scale.requests())
    scale.post("fail-next", {"path_contains": "/task/", **order})
    task = make(over_tls)
    path = f"/v1/task/{TEXT.value}"
    assert asked(scale, before) == [("POST", path, order.get("status")), ("POST", path, 200)]
    # An answer from the one realm behind the relay, not from a copy.
    assert over_tls.get_task(task.id).as_dict() == task.as_dict()


def test_a_put_is_never_tried_again(over_tls, scale):
    task = make(over_tls)
    before = len(scale.requests())
    scale.post("fail-next", {"method": "PUT", "status": 503})
    with pytest.raises(ScaleServiceUnavailable):
        task.add_tags(["once"])
    assert asked(scale, before) == [("PUT", f"/v1/task/{task.id}/tags", 503)]
    scale.post("fail-next", {"method": "PUT", "status": 500, "after_effect": True})
    with pytest.raises(ScaleInternalError):
        task.add_tags(["twice"])
    assert over_tls.get_task(task.id).tags == ["twice"]


def test_the_way_leads_through_a_proxy_with_a_client_certificate(scale, certificate, monkeypatch):
    # Where the environment names authorities, `requests` believes it more than the SDK's own `verify`.
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with TLSRelay(scale.url, certificate, asks_for_client=True) as relay, TunnelProxy() as proxy:
        client = scaleapi.ScaleClient(
            api_key="live_simulator", api_instance_url=relay.url, proxies={"https": proxy.url}, cert=str(certificate),
            verify=str(certificate),
        )
        task = make(client)
        assert client.get_task(task.id).as_dict() == task.as_dict()
        assert proxy.asked == [("CONNECT", f"127.0.0.1:{relay.port}")] * 2
