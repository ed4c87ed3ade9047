"""A full disk under a running server: it refuses, says so, loses nothing, and goes on when there is room again."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.clauses.vendor import RIGHTS, Vendor
from tests.faults.checking import check_folder
from tests.faults.driving import CREATED, NOT_NOW, POINT, act_of_registration, wait_for
from tests.support.policies import any_serial_file

MEBIBYTE = 2**20


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[Path]:
    """A file system of a few mebibytes, where one may be mounted."""
    mount = shutil.which("mount")
    if os.environ.get("CI") and os.geteuid() == 0:
        pytest.skip("mounts nothing as root of a CI machine")
    folder.mkdir()
    command = [mount or "mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this account may not mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(ballast: Path) -> None:
    """Take every free byte of a disk."""
    with ballast.open("ab", buffering=0) as file:
        for size in (MEBIBYTE, 4096, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue


class Client:
    """A caller who keeps what was acknowledged."""

    def __init__(self, client: httpx.Client, notice: str) -> None:
        self._client, self._notice = client, notice
        self._number = 0
        self.entries: list[str] = []
        self.people: list[str] = []

    def register(self) -> httpx.Response:
        """Register a further made person."""
        self._number += 1
        answer = self._client.post("/v1/acts", json=act_of_registration(f"p{self._number}", self._notice))
        if answer.status_code == CREATED:
            self.entries.append(answer.json()["entry"])
            self.people.append(answer.json()["person"])
        return answer

    def register_until_refused(self) -> httpx.Response:
        """Register people until the server takes no more: what its logs have room for still goes in."""
        for _ in range(5_000):
            answer = self.register()
            if answer.status_code != CREATED:
                return answer
        raise AssertionError("the disk never was full")


def check_refusal(answer: httpx.Response) -> None:
    """The refusal says what happened and what to do, as problem details."""
    assert answer.status_code == NOT_NOW, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"].endswith("unavailable")
    assert "disk" in problem["detail"]
    assert "full" in problem["detail"]
    assert "space" in problem["mend"]


@pytest.mark.slow
def test_a_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    """Writes and reads are refused in words while the disk is full; with room again the same server goes on, nothing lost."""
    with small_disk(tmp_path / "data", 12) as disk:
        vendor = Vendor(tmp_path, any_serial_file(tmp_path))
        key = vendor.key("service.collection", "essential.service")
        with vendor.open() as site, site.server.client(key) as client:
            notice = site.request("GET", f"/v1/collect/{POINT}").json()["notice"]["name"]
            caller = Client(client, notice)
            assert caller.register().status_code == CREATED
            case, who = site.open_case(vendor.privacy_key, "request", RIGHTS, "p1@example.com")
            for _ in range(2):  # full twice: recovering leaves nothing that spoils the next time
                ballast = disk / "ballast"
                fill(ballast)
                check_refusal(caller.register_until_refused())
                reading = site.act(vendor.privacy_key, "use", RIGHTS, person=who, fields=["email"], case=case)
                check_refusal(reading)  # a read without its ledger entry is no read
                wait_for(
                    lambda: site.request("GET", "/health").status_code == NOT_NOW, "/health says what is down"
                )
                assert "ok" in site.request("GET", "/health").json()["parts"].values()
                assert site.request("GET", "/policy").status_code == 200
                ballast.unlink()
                wait_for(lambda: site.request("GET", "/health").status_code == 200, "/health is well again")
                assert caller.register().status_code == CREATED
            reading = site.act(vendor.privacy_key, "use", RIGHTS, person=who, fields=["email"], case=case)
            assert reading.json()["values"] == {"email": "p1@example.com"}
        entries = check_folder(vendor.data, caller.entries)
        registered = [one.person for one in entries if one.act == "collect" and one.effect == "permit"]
        assert sorted(registered) == sorted(caller.people)


@pytest.mark.slow
def test_an_erasure_on_a_full_disk_is_finished_without_a_restart(tmp_path: Path) -> None:
    """An erasure that the full disk refused or held up ends once there is room, in the same server."""
    with small_disk(tmp_path / "data", 12) as disk:
        vendor = Vendor(tmp_path, any_serial_file(tmp_path))
        key = vendor.key("service.collection", "essential.service")
        with vendor.open() as site, site.server.client(key) as client:
            notice = site.request("GET", f"/v1/collect/{POINT}").json()["notice"]["name"]
            caller = Client(client, notice)
            for _ in range(6):
                assert caller.register().status_code == CREATED
            cases = [
                site.open_case(vendor.privacy_key, "request", RIGHTS, f"p{number}@example.com")
                for number in range(1, 7)
            ]
            ballast = disk / "ballast"
            fill(ballast)
            check_refusal(caller.register_until_refused())
            for case, who in cases:
                check_refusal(site.act(vendor.privacy_key, "erase", RIGHTS, person=who, case=case))
            ballast.unlink()
            for case, who in cases:
                again = site.act(vendor.privacy_key, "erase", RIGHTS, person=who, case=case)
                assert again.status_code in {200, 404}, again.text  # 404: it had begun, and is finished
        entries = check_folder(vendor.data, caller.entries)
        assert {one.person for one in entries if one.act == "erased"} == {who for _, who in cases}
