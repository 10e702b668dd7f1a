"""TLS on the public port, with outside clients and an outside scanner."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys

import pytest

from processes import LIVE_AUTH_KEY, Receiver, wait_until
from test_hostile_clients import Siege

RECEIVER = """
listen:
  address: 127.0.0.1:$PORT
  header-timeout: 3s
  tls: { certificate: server.pem, key: server.key%s }
console: { address: 127.0.0.1:$CONSOLE }
accounts: [{ name: live, callback-auth-keys: [live_auth_simulator] }]
"""
BODY = b'{"task_id": "%d"}'


class Certificates:
    """Certificates by the openssl command, in a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.openssl("req", "-x509", "-days", "30", "-subj", "/CN=Authority", "-addext", "basicConstraints=critical,CA:TRUE",
                     "-addext", "keyUsage=critical,keyCertSign,cRLSign", *self.key("ca"), "-out", "ca.pem")
        self.make("server")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def key(self, name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key"]

    def make(self, name, days=30):
        """Makes a certificate and its key, first under other names, then in place."""
        (self.folder / "extensions").write_text(
            "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n"
            "keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n"
        )
        self.openssl("req", "-subj", "/CN=localhost", *self.key("new"), "-out", "new.csr")
        self.openssl("x509", "-req", "-days", str(days), "-in", "new.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                     "-CAcreateserial", "-sha256", "-extfile", "extensions", "-out", "new.pem")
        for ending in ("key", "pem"):
            (self.folder / f"new.{ending}").rename(self.folder / f"{name}.{ending}")

    def context(self, client=None):
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        if client:
            context.load_cert_chain(self.folder / f"{client}.pem", self.folder / f"{client}.key")
        return context


@pytest.fixture
def certificates(tmp_path):
    return Certificates(tmp_path)


def post(running, context, number=0):
    """Posts on a connection of its own; the first line of the answer, the serial number of the certificate, the protocol."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=30) as plain:
        context.set_alpn_protocols(["h2", "http/1.1"])
        with context.wrap_socket(plain, server_hostname="localhost") as client:
            body = BODY % number
            client.sendall(
                b"POST /callbacks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nscale-callback-auth: %s\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (LIVE_AUTH_KEY.encode(), len(body), body)
            )
            answer = b""
            while part := client.recv(4096):
                answer += part
            return answer.split(b"\r\n")[0], client.getpeercert()["serialNumber"], client.selected_alpn_protocol()


def test_a_hang_up_takes_the_new_certificate_and_keeps_the_old_one_when_it_is_broken(receiver, certificates, tmp_path):
    running = receiver(RECEIVER % "")
    assert "https://" in running.program.line
    process = running.program.process
    line, first, protocol = post(running, certificates.context())
    assert (line, protocol) == (b"HTTP/1.1 200 OK", "http/1.1")
    certificates.make("server")
    process.send_signal(signal.SIGHUP)
    second = wait_until(lambda: (now := post(running, certificates.context())[1]) != first and now, "a new certificate", 30)

    (tmp_path / "server.key").write_text("broken")
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: "TLS files cannot be used" in running.program.log_text(), "a line in the log", 30)
    assert post(running, certificates.context())[:2] == (b"HTTP/1.1 200 OK", second)
    # Nor can it start with that, and it says why.
    check = running.run("check", check=False)
    assert check.returncode == 78
    assert b'receiver.yaml:5: "server.key" holds no private key in PEM form' in check.stderr

    certificates.make("server", days=5)
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: post(running, certificates.context())[1] not in (first, second), "the third", 30)
    check = running.run("check")
    assert b"receiver.yaml:5: the TLS certificate ends on" in check.stderr
    assert b"in 4 days; renew it" in check.stderr
    assert running.stop() == 0


def test_only_clients_with_a_certificate_of_the_authority_come_in(receiver, certificates):
    running = receiver(RECEIVER % ", client-ca: ca.pem")
    certificates.make("friend")
    friend = certificates.context("friend")
    # More than once, and as a session that goes on.
    for number in range(3):
        assert post(running, friend, number)[0] == b"HTTP/1.1 200 OK"
    with pytest.raises((ssl.SSLError, ConnectionError)):
        post(running, certificates.context())
    with pytest.raises((ssl.SSLError, ConnectionError)):
        context = certificates.context()
        certificates.openssl("req", "-x509", "-subj", "/CN=foreign", *certificates.key("foreign"), "-out", "foreign.pem")
        context.load_cert_chain(certificates.folder / "foreign.pem", certificates.folder / "foreign.key")
        post(running, context)
    assert len(running.events()) == 3
    wait_until(lambda: [row["reason"] for row in running.rows("refused")] == ["tls-handshake"] * 2, "two refusals", 30)


def test_a_session_goes_on_with_the_certificate_of_the_client(receiver, certificates):
    running = receiver(RECEIVER % ", client-ca: ca.pem")
    certificates.make("friend")
    context = certificates.context("friend")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    session = None
    for number in range(3):
        with socket.create_connection(("127.0.0.1", running.port), timeout=30) as plain:
            with context.wrap_socket(plain, server_hostname="localhost", session=session) as client:
                client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
                assert client.session_reused == (number > 0)
                session = client.session


def test_slow_handshakes_end_in_time_beside_a_client_that_is_served(receiver, certificates):
    running = receiver(RECEIVER % "")
    context = certificates.context()
    assert post(running, context)[0] == b"HTTP/1.1 200 OK"
    for attempt in range(3):
        with Siege(running.port, 5, slow_tls=500) as siege:
            lines = [post(running, context, number)[0] for number in range(50)]
            siege.process.wait(60)
            outcome = siege.result()
        row = outcome["crowds"]["slow-tls"]
        print(f"{row}, served {len(lines)}")
        assert set(lines) == {b"HTTP/1.1 200 OK"}
        # The time for the head, and a second for the good-bye.
        if row["ended"] >= 250 and row["longest"] < 3 + 1 + 2 + outcome["late"]:
            return
    assert False, outcome


def test_a_key_that_others_can_read_stops_the_start(certificates, tmp_path):
    (tmp_path / "server.key").chmod(0o604)
    with pytest.raises(AssertionError, match="open to everyone .mode 0604.; chmod it to 0640 or less"):
        Receiver(tmp_path, RECEIVER % "").start()


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_the_scanner_sslyze_finds_nothing_against_mozillas_intermediate_configuration(receiver, certificates, tmp_path, kind):
    pytest.importorskip("sslyze")
    if kind == "rsa":
        certificates.key = lambda name: ["-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key"]
        certificates.make("server", days=80)
    running = receiver(RECEIVER % "")
    result = subprocess.run(
        [sys.executable, "-m", "sslyze", "--mozilla_config", "intermediate", "--certinfo_ca_file", "ca.pem",
         f"localhost:{running.port}"],
        capture_output=True, cwd=tmp_path, text=True, timeout=120,
    )
    print(result.stdout[result.stdout.find(" * SSL 2.0") :])
    # Its exit code tells whether everything complies.
    assert result.returncode == 0


@pytest.mark.skipif(os.environ.get("HOSTILE") != "all" or not shutil.which("testssl"), reason="HOSTILE=all, and testssl.sh")
def test_the_scanner_testssl_finds_nothing(receiver, certificates, tmp_path):
    running = receiver(RECEIVER % "")
    subprocess.run(
        ["testssl", "--quiet", "--nodns=min", "--ip", "127.0.0.1", "--add-ca", str(tmp_path / "ca.pem"), "--jsonfile",
         str(tmp_path / "testssl.json"), "--warnings", "off", f"localhost:{running.port}"],
        timeout=900, capture_output=True,
    )
    rows = json.loads((tmp_path / "testssl.json").read_text())
    found = {row["id"]: f"{row['severity']} {row['finding']}" for row in rows if row["severity"] not in ("OK", "INFO")}
    print(json.dumps({"tests": len(rows), "found": found}, indent=1))
    assert len(rows) > 100
    # Its wishes for the test's own certificate and for browsers. All ciphers are good ones, of which the client may choose,
    # as Mozilla recommends.
    found = {name for name in found if not name.startswith("cert_")}
    assert found <= {"cipher_order", "DNS_CAArecord", "HSTS", "OCSP_stapling"}
