"""A root key in Vault Transit, against a stand-in that speaks its HTTP API."""

import base64
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.adapters.transit import TOKEN, TransitStandIn
from troth.adapters import open_root_key
from troth.kernel import InvalidInput, NotFound, TrothError, Unavailable
from troth.storage import Database
from troth.vault import KeyRing, RootKey, create_key_store, rotate_root

CONTEXT = b"troth.store-key|1|person"
SECRET = b"a store key of the tests, 32 byt"


@pytest.fixture
def root(transit: TransitStandIn, tmp_path: Path) -> RootKey:
    """A root key in the stand-in."""
    transit.rotate("root")
    return open_root_key(f"vault-transit:{transit.url}#root", tmp_path)


def test_a_rotated_key_opens_what_older_versions_wrapped(transit: TransitStandIn, root: RootKey) -> None:
    """After a rotation in Vault new texts carry the new version, and old ones still open."""
    older = root.wrap(SECRET, CONTEXT)
    transit.rotate("root")
    newer = root.wrap(SECRET, CONTEXT)
    assert (older[:9], newer[:9]) == (b"vault:v1:", b"vault:v2:")
    assert root.unwrap(older, CONTEXT) == root.unwrap(newer, CONTEXT) == SECRET


def test_the_same_root_key_wraps_anew_under_its_newest_version(
    transit: TransitStandIn, root: RootKey, keystore: Database
) -> None:
    """Rotating from a root key to itself moves the store keys to the version in use."""
    create_key_store(keystore, root, 1)
    before = KeyRing(keystore, root).blind("email", "ann@example.com")
    transit.rotate("root")
    assert rotate_root(keystore, root, root) == 2
    transit.keys["root"][0] = bytes(32)
    assert KeyRing(keystore, root).blind("email", "ann@example.com") == before


def test_the_token_goes_into_its_header_only(transit: TransitStandIn, root: RootKey) -> None:
    """The token stands in no body, no name and no repr; the secret leaves only as the plaintext to wrap."""
    root.unwrap(root.wrap(SECRET, CONTEXT), CONTEXT)
    assert [headers["X-Vault-Token"] for headers in transit.headers] == [TOKEN, TOKEN]
    assert not any(TOKEN.encode() in body for body in transit.bodies)
    assert TOKEN not in root.name + repr(root)
    assert base64.b64encode(SECRET) in transit.bodies[0]
    assert base64.b64encode(SECRET) not in transit.bodies[1]


def test_the_token_may_stand_in_a_file_that_is_renewed(
    transit: TransitStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token file is read for each request, so that an agent may replace it."""
    transit.rotate("root")
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    monkeypatch.delenv("VAULT_TOKEN")
    monkeypatch.setenv("VAULT_TOKEN_FILE", str(file))
    root = open_root_key(f"vault-transit:{transit.url}#root", tmp_path)
    wrapped = root.wrap(SECRET, CONTEXT)
    file.write_text("hvs.expired")
    with pytest.raises(Unavailable, match="403"):
        root.unwrap(wrapped, CONTEXT)
    file.write_text(TOKEN)
    assert root.unwrap(wrapped, CONTEXT) == SECRET


@pytest.mark.parametrize("token", ["", "two\nlines", "not-ascii-é"])
def test_no_usable_token_is_told(
    transit: TransitStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    """Without a token nothing is asked, and the message names the variable, not the text in it."""
    monkeypatch.setenv("VAULT_TOKEN", token)
    with pytest.raises(NotFound) as told:
        open_root_key(f"vault-transit:{transit.url}#root", tmp_path)
    assert "VAULT_TOKEN" in told.value.mend
    assert not transit.bodies
    assert not token or token not in str(told.value)


def test_a_missing_token_file_is_told(
    transit: TransitStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the file."""
    monkeypatch.delenv("VAULT_TOKEN")
    monkeypatch.setenv("VAULT_TOKEN_FILE", str(tmp_path / "absent"))
    with pytest.raises(NotFound, match="absent"):
        open_root_key(f"vault-transit:{transit.url}#root", tmp_path)


def _sealed(transit: TransitStandIn) -> None:
    transit.sealed = True


def _denied(transit: TransitStandIn) -> None:
    transit.answer = lambda *_: (403, b'{"errors":["permission denied"]}')  # type: ignore[method-assign]


def _unknown_key(transit: TransitStandIn) -> None:
    transit.keys.clear()


def _no_mount(transit: TransitStandIn) -> None:
    transit.answer = lambda *_: (404, b'{"errors":["no handler for route"]}')  # type: ignore[method-assign]


def _another_page(transit: TransitStandIn) -> None:
    transit.broken = True


def _moved(transit: TransitStandIn) -> None:
    transit.answer = lambda *_: (307, b"{}")  # type: ignore[method-assign]


def _empty(transit: TransitStandIn) -> None:
    transit.answer = lambda *_: (200, b'{"data":{"ciphertext":"","plaintext":"not base64"}}')  # type: ignore[method-assign]


TROUBLES = [_sealed, _denied, _unknown_key, _no_mount, _another_page, _moved, _empty]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda one: one.__name__.strip("_"))
def test_trouble_of_vault_is_no_wrong_key(
    transit: TransitStandIn, root: RootKey, trouble: Callable[[TransitStandIn], None]
) -> None:
    """A Vault that is sealed, refuses, lacks the key or answers something else is unavailable, with a mend."""
    wrapped = root.wrap(SECRET, CONTEXT)
    trouble(transit)
    for asking, what in ((root.wrap, SECRET), (root.unwrap, wrapped)):
        with pytest.raises(Unavailable) as told:
            asking(what, CONTEXT)
        assert told.value.mend
        shown = "".join(traceback.format_exception(told.value))
        assert TOKEN not in shown
        assert base64.b64encode(SECRET).decode() not in shown


def test_a_vault_that_is_gone_is_told(transit: TransitStandIn, tmp_path: Path) -> None:
    """A refused connection is unavailable."""
    root = open_root_key("vault-transit:http://127.0.0.1:1#root", tmp_path)
    with pytest.raises(Unavailable, match="cannot be reached"):
        root.wrap(SECRET, CONTEXT)


@pytest.mark.parametrize(
    "place",
    [
        "http://vault.example.com:8200#root",
        "http://10.0.0.1:8200#root",
        "ftp://127.0.0.1#root",
        "https://vault.example.com:8200",
        "https://vault.example.com:8200#",
        "https://:8200#root",
        "https://user:password@vault.example.com#root",
        "https://vault.example.com?token=hvs.x#root",
        "#root",
    ],
)
def test_a_place_that_would_leak_or_lacks_a_part_is_refused(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain http goes to this machine only, and no credential stands in the settings; nothing of it is shown."""
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    with pytest.raises(InvalidInput) as told:
        open_root_key(f"vault-transit:{place}", tmp_path)
    assert told.value.field == "keys.root"
    assert "password" not in str(told.value)
    assert "hvs.x" not in str(told.value)


def test_mount_and_namespace_are_the_users(
    transit: TransitStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Transit mounted elsewhere is named in the address; a namespace goes into its header."""
    asked: list[str] = []
    answer = transit.answer

    def listening(path: str, token: str, body: bytes) -> tuple[int, bytes]:
        asked.append(path)
        return answer(path.replace("/v1/team/keys", "/v1/transit"), token, body)

    transit.answer = listening  # type: ignore[method-assign]
    transit.rotate("root")
    monkeypatch.setenv("VAULT_NAMESPACE", "privacy")
    root = open_root_key(f"vault-transit:{transit.url}/team/keys/#root", tmp_path)
    assert root.unwrap(root.wrap(SECRET, CONTEXT), CONTEXT) == SECRET
    assert asked == ["/v1/team/keys/encrypt/root", "/v1/team/keys/decrypt/root"]
    assert {headers["X-Vault-Namespace"] for headers in transit.headers} == {"privacy"}


def test_an_https_place_needs_no_connection_to_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening asks nothing yet; the name shows server, mount and key."""
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    root = open_root_key("vault-transit:https://vault.example.com:8200#root", tmp_path)
    assert root.name == "vault-transit:https://vault.example.com:8200/transit#root"


def test_errors_are_of_troth(transit: TransitStandIn, root: RootKey) -> None:
    """Whatever bytes stand in the store, opening them ends in an error of Troth."""
    for wrapped in (b"", b"\x00\xff", b"vault:v9:AAAA", b"vault:v1:!!", b"vault:v1:AAAA"):
        with pytest.raises(TrothError):
            root.unwrap(wrapped, CONTEXT)
