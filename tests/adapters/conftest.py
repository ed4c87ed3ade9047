"""A root key of each kind, behind real files and real HTTP on this machine."""

from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.adapters.transit import TOKEN, TransitStandIn
from troth.adapters import create_root_key_file, open_root_key
from troth.vault import RootKey

MadeRoot = Callable[[], str]
"""Makes a new root key and gives its place for the settings."""


@pytest.fixture(scope="session")
def kms_server() -> Iterator[str]:
    """URL of a server that speaks the API of AWS KMS."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(kms_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """An environment in which AWS's tools talk to the server of the tests with made credentials."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", kms_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAMADEFORTESTS0000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-for-tests")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return kms_server


@pytest.fixture
def transit(monkeypatch: pytest.MonkeyPatch) -> Iterator[TransitStandIn]:
    """A stand-in for Vault, and its token in the environment."""
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    monkeypatch.delenv("VAULT_TOKEN_FILE", raising=False)
    monkeypatch.delenv("VAULT_NAMESPACE", raising=False)
    with TransitStandIn() as standing:
        yield standing


@pytest.fixture(params=("file", "aws-kms", "vault-transit"))
def made_root(request: pytest.FixtureRequest, tmp_path: Path) -> MadeRoot:
    """Makes root keys of each kind in turn."""
    kind: str = request.param
    numbers = iter(range(100))
    if kind == "file":

        def in_file() -> str:
            name = f"root-{next(numbers)}.key"
            create_root_key_file(tmp_path / name)
            return f"file:{name}"

        return in_file
    if kind == "aws-kms":
        request.getfixturevalue("aws")

        def in_kms() -> str:
            made = boto3.session.Session().client("kms").create_key(Description="a root key of the tests")
            return f"aws-kms:{made['KeyMetadata']['KeyId']}"

        return in_kms
    standing: TransitStandIn = request.getfixturevalue("transit")

    def in_transit() -> str:
        name = f"root-{next(numbers)}"
        standing.rotate(name)
        return f"vault-transit:{standing.url}#{name}"

    return in_transit


@pytest.fixture
def root(made_root: MadeRoot, tmp_path: Path) -> RootKey:
    """An open root key of each kind in turn."""
    return open_root_key(made_root(), tmp_path)
