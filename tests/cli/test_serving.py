"""`troth serve` and `troth demo` as processes, the way a newcomer meets them."""

import json
import os
import shlex
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.cli.conftest import Program
from tests.support.process import TROTH, Troth, free_port
from troth.cli.demo import Told, prepare, program, things_to_try
from troth.cli.listening import claimed
from troth.cli.listening import free_port as usable_port
from troth.cli.made_people import email_of, registration
from troth.cli.say import Say
from troth.kernel import Conflict

PEOPLE = 25


class Demo:
    """A running demonstration: its one JSON document, and its process."""

    def __init__(self, process: subprocess.Popen[str], document: dict[str, Any]) -> None:
        self.process = process
        self.document = document

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a reader who pastes it."""
        return subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, check=False, timeout=60
        )


@contextmanager
def demonstration(folder: Path, *options: str) -> Iterator[Demo]:
    """`troth demo`, from its start to Ctrl-C."""
    command: list[str | Path] = [
        TROTH,
        "demo",
        "--json",
        "--data",
        folder,
        "--people",
        str(PEOPLE),
        "--port",
        str(free_port()),
        *options,
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate(timeout=60)
        yield Demo(process, json.loads(line))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, ""), err
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


@pytest.mark.slow
def test_the_demonstration_does_what_it_says(tmp_path: Path) -> None:
    """It registers people over HTTP, its pages answer, and its three commands work when pasted; run again it goes on."""
    folder = tmp_path / "demo data"
    with demonstration(folder) as demo:
        assert demo.document["people"] == PEOPLE
        for page in demo.document["pages"].values():
            assert httpx.get(page, trust_env=False, timeout=60).status_code == 200
        permitted, denied, proven = (demo.run(command) for command in demo.document["commands"])
        assert permitted.returncode == 0, permitted
        assert f"email: {email_of(1)}" in permitted.stdout
        assert denied.returncode == 3
        assert "Denied by II.12" in denied.stderr
        assert proven.returncode == 0, proven
        assert "Verified: leaf" in proven.stdout
    with demonstration(folder) as demo:
        assert demo.document["people"] == PEOPLE
        assert demo.run(demo.document["commands"][0]).returncode == 0
    doctor = subprocess.run([TROTH, "doctor", "--data", folder], capture_output=True, text=True, check=False)
    assert doctor.returncode == 0, doctor.stdout


def test_the_demonstration_keeps_off_real_data(program: Program) -> None:
    """A folder that the demonstration did not make is refused: made people do not belong among real ones."""
    ended = program.run("demo", "--json")
    assert (ended.code, ended.error["code"]) == (1, "conflict")
    say = Say(program.folder, as_json=False, debug=False)
    with pytest.raises(Conflict):
        prepare(say, program.folder)


def test_a_cut_off_demonstration_gets_the_keys_that_it_lacks(tmp_path: Path) -> None:
    """A first run that ended before all keys were written does not spoil the next one."""
    say = Say(tmp_path / "demo", as_json=False, debug=False)
    made = prepare(say, say.folder)
    (tmp_path / "demo" / "demo" / "support.key").unlink()
    again = prepare(say, say.folder)
    assert again.keys() == made.keys()
    assert again["import"] == made["import"]
    assert again["support"].startswith("troth_")
    assert again["support"] != made["support"]


def test_made_people_are_the_same_each_time_and_nobody() -> None:
    """Made people are deterministic, all different, and live at example.com."""
    addresses = [email_of(number) for number in range(1, 2001)]
    assert len(set(addresses)) == 2000
    assert all(address.endswith("@example.com") for address in addresses)
    serials = {registration(number, "n")["values"]["serial"] for number in range(1, 2001)}
    assert len(serials) == 2000
    assert registration(7, "n") == registration(7, "n")


def test_commands_are_quoted_for_the_shell() -> None:
    """A folder with blanks in its name gives commands that still paste as one."""
    commands = things_to_try(Path("my data"), Told(people=1, case="c", entry="e"), "log+key")
    assert all("my data" in " ".join(shlex.split(line)) and "'my data" in line for line in commands.values())
    assert program()


def test_a_port_that_another_server_is_about_to_take_is_told(program: Program) -> None:
    """Of two `serve` that start at once on a port one is refused, though nobody listens yet: else they would share what comes in."""
    port = free_port()
    with claimed(program.folder, "127.0.0.1", port):
        ended = program.run("serve", "--port", str(port), "--json")
    assert (ended.code, ended.error["field"]) == (5, "port")
    assert "already in use" in ended.error["what"]
    with claimed(program.folder, "127.0.0.1", port):
        pass


def test_a_taken_port_is_told(program: Program) -> None:
    """`serve` on a taken port ends with exit code 5 and names --port; the demonstration would take a free one."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = program.run("serve", "--port", str(port), "--json")
        assert (ended.code, ended.error["code"], ended.error["field"]) == (5, "unavailable", "port")
        assert usable_port("127.0.0.1", port) != port


@pytest.mark.slow
def test_serving_and_the_command_line_share_a_folder(troth_program: Troth) -> None:
    """While a server runs, commands on the same folder work, and the server sees what they did."""
    troth_program.run("init", troth_program.folder, "--key-out", troth_program.folder.parent / "first.key")
    with troth_program.serving() as server, server.client() as client:
        before = client.get("/policy/versions").text
        policy = troth_program.folder.parent / "policy.md"
        policy.write_text(Path("policies/software-vendor/policy.md").read_text() + "\n")
        sha256 = json.loads(
            troth_program.run("policy", "publish", policy, "--json", "--data", troth_program.folder).stdout
        )["sha256"]
        assert sha256 not in before
        assert client.get("/health").json()["policy"] == sha256


@pytest.fixture
def tls(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody else trusts, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "tls.pem", tmp_path / "tls.key"
    files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


@pytest.mark.slow
def test_tls_is_served_with_a_certificate(program: Program, tls: tuple[Path, Path]) -> None:
    """With a certificate and its key the server speaks https and no plain http."""
    port = free_port()
    command: list[str | Path] = [TROTH, "serve", "--json", "--data", program.folder, "--port", str(port)]
    command += ["--tls-certificate", tls[0], "--tls-key", tls[1]]
    environment = {**os.environ, **{name: value for name, value in program.environment.items() if value}}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        assert url == f"https://127.0.0.1:{port}"
        trust = ssl.create_default_context(cafile=str(tls[0]))
        assert httpx.get(f"{url}/health", verify=trust, trust_env=False, timeout=60).json()["status"] == "ok"
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_tls_files_that_do_not_fit_are_told(program: Program, tls: tuple[Path, Path], tmp_path: Path) -> None:
    """One file without the other is a usage error; files that are no pair are told before anything is served."""
    alone = program.run("serve", "--tls-certificate", tls[0], "--json")
    assert (alone.code, alone.error["field"]) == (2, "tls")
    (tmp_path / "letter").write_text("Dear Ann")
    wrong = program.run(
        "serve",
        "--tls-certificate",
        tls[0],
        "--tls-key",
        tmp_path / "letter",
        "--json",
        "--port",
        str(free_port()),
    )
    assert (wrong.code, wrong.error["field"]) == (1, "tls")
    gone = program.run(
        "serve",
        "--tls-certificate",
        tls[0],
        "--tls-key",
        tmp_path / "none",
        "--json",
        "--port",
        str(free_port()),
    )
    assert (gone.code, gone.error["field"]) == (1, "tls")


@pytest.mark.slow
def test_the_demonstration_may_be_interrupted_at_any_time(tmp_path: Path) -> None:
    """Ctrl-C while people register ends it with code 0; the folder is whole, and the next run goes on to the end."""
    folder = tmp_path / "demo"
    command: list[str | Path] = [
        TROTH,
        "demo",
        "--data",
        folder,
        "--people",
        "5000",
        "--port",
        str(free_port()),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        while "Answering on" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, out) == (0, ""), err
    assert "Error" not in err
    doctor = subprocess.run([TROTH, "doctor", "--data", folder], capture_output=True, text=True, check=False)
    assert doctor.returncode == 0, doctor.stdout
    with demonstration(folder) as demo:
        assert demo.document["people"] >= PEOPLE
