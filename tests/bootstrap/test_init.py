"""Making a folder: whole or not at all, and never over something that is there."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

import troth
from tests.support import postgres
from troth.bootstrap import reference_policy
from troth.kernel import Conflict, TrothError, Unavailable
from troth.policy import PolicyErrors
from troth.storage import open_database, revision
from troth.vault import WrongPair

MADE = {
    "troth.toml",
    "data.db",
    "keys",
    "keys/keystore.db",
    "keys/root.key",
    "keys/ledger.key",
    "enforcement.yaml",
}


def names(folder: Path) -> set[str]:
    """Everything in a folder, by its path inside."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_a_new_folder_is_for_its_owner_alone(data_folder: Path) -> None:
    """Init makes exactly the documented files; nobody else may read stores, keys or folders."""
    troth.init_folder(data_folder)
    assert names(data_folder) == MADE
    for path in (data_folder, data_folder / "keys"):
        assert path.stat().st_mode & 0o777 == 0o700
    for name in ("data.db", "keys/keystore.db", "keys/root.key", "keys/ledger.key"):
        assert (data_folder / name).stat().st_mode & 0o777 == 0o600


def test_a_second_init_is_refused_and_changes_nothing(data_folder: Path) -> None:
    """Init of a folder that is one already leaves every byte as it was."""
    troth.init_folder(data_folder)
    before = {name: (data_folder / name).read_bytes() for name in MADE if (data_folder / name).is_file()}
    with pytest.raises(Conflict, match="already"):
        troth.init_folder(data_folder)
    assert {name: (data_folder / name).read_bytes() for name in before} == before
    assert names(data_folder) == MADE


@pytest.mark.parametrize("name", ["data.db", "keys/keystore.db", "keys/root.key", "keys/ledger.key"])
def test_a_file_in_the_way_is_not_touched(data_folder: Path, name: str) -> None:
    """A store or key that stands there already, with no settings beside it, is kept, and nothing is added."""
    file = data_folder / name
    file.parent.mkdir(parents=True)
    file.write_bytes(b"precious")
    before = names(data_folder)
    with pytest.raises(Conflict) as caught:
        troth.init_folder(data_folder)
    assert str(file) in caught.value.what
    assert caught.value.mend
    assert names(data_folder) == before
    assert file.read_bytes() == b"precious"


def test_a_faulty_policy_leaves_nothing(data_folder: Path, tmp_path: Path) -> None:
    """A policy with findings makes no folder."""
    (tmp_path / "policy.md").write_text("# Nothing\n")
    with pytest.raises(PolicyErrors):
        troth.init_folder(data_folder, policy=tmp_path / "policy.md")
    assert not data_folder.exists()


@pytest.mark.parametrize("there", [False, True])
def test_a_failed_init_leaves_what_was_there(data_folder: Path, tmp_path: Path, *, there: bool) -> None:
    """When a store cannot be made, only what stood there before stands there afterwards; then init works."""
    if there:
        data_folder.mkdir()
        shutil.copy(reference_policy(), data_folder / "policy.md")
    nowhere = f"postgresql://nobody@/none?host={tmp_path}"
    with pytest.raises(TrothError) as caught:
        troth.init_folder(data_folder, database_url=nowhere)
    assert caught.value.mend
    assert data_folder.exists() == there
    assert not there or names(data_folder) == {"policy.md"}
    troth.init_folder(data_folder)
    troth.open(data_folder).close()


def test_a_disk_that_takes_no_file_is_told(tmp_path: Path) -> None:
    """A place below a file cannot be a folder; the refusal says so."""
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(Unavailable) as caught:
        troth.init_folder(tmp_path / "file" / "data")
    assert caught.value.mend
    assert (tmp_path / "file").read_text() == "not a folder"


def test_databases_in_use_are_not_taken(
    tmp_path: Path, pg_url: str, postgres_server: str, worker_name: str
) -> None:
    """Init over another folder's data database is refused and changes neither it nor the new key store."""
    keys_url = postgres.renamed(postgres_server, f"{worker_name}_more")
    postgres.create_database(postgres_server, f"{worker_name}_more")
    try:
        made = troth.init_folder(tmp_path / "one", database_url=pg_url)
        with pytest.raises(WrongPair):
            troth.init_folder(tmp_path / "two", database_url=pg_url, keystore_url=keys_url)
        assert not (tmp_path / "two").exists()
        with closing(open_database(keys_url, key_store=True)) as keystore:
            assert revision(keystore, key_store=True)
        with troth.open(tmp_path / "one") as running:
            assert [one.sha256 for one in running.policy_versions()] == [made.policy_sha256]
            assert len(running.key_records()) == 1
        troth.init_folder(tmp_path / "three", keystore_url=keys_url)
    finally:
        postgres.drop_database(postgres_server, f"{worker_name}_more")
