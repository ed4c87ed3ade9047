"""Signed notes, checkpoints and keys against the published vectors."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.ledger.errors import BadSignature, MalformedNote, UnsafeKeyFile
from troth.ledger.merkle import EMPTY_ROOT
from troth.ledger.note import COSIGNATURE_V1, Checkpoint, Note, Signature, VerifierKey, from_base64, parse_key
from troth.ledger.signing import Signer, Verifier, create_signer, load_signer, open_checkpoint

# The example of C2SP signed-note, and the one of the Go module checksum database's note package.
SPEC_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n\n\u2014 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
GO_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
GO_LINE = (
    "\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
SECOND_KEY = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
SECOND_LINE = (
    "\u2014 EnochRoot "
    "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
LOG = Signer("example.com/ledger", b"\x01" * 32)
WITNESS = Signer("witness.example.com", b"\x02" * 32, COSIGNATURE_V1)


def test_the_specifications_note_verifies() -> None:
    """The example of C2SP signed-note verifies under its key, and is written back byte for byte."""
    note = Note.parse(SPEC_NOTE)
    assert Verifier.parse(SPEC_KEY).verify(note) == 0
    assert VerifierKey.parse(SPEC_KEY).to_text() == SPEC_KEY
    assert note.to_text() == SPEC_NOTE


def test_the_published_key_signs_the_published_bytes() -> None:
    """A published private key makes the published signature line."""
    name, kind, seed = parse_key(GO_PRIVATE.removeprefix("PRIVATE+KEY+"), "private key")
    signer = Signer(name, seed, kind)
    assert signer.verifier_key == GO_KEY
    assert signer.sign(GO_TEXT).to_line() == GO_LINE


def test_each_key_verifies_its_own_line() -> None:
    """A note with two signatures verifies under either key and not under a third."""
    note = Note.parse(GO_TEXT + "\n" + GO_LINE + SECOND_LINE)
    Verifier.parse(GO_KEY).verify(note)
    Verifier.parse(SECOND_KEY).verify(note)
    with pytest.raises(BadSignature, match="bears no signature"):
        LOG.verifier.verify(note)


def test_a_checkpoint_comes_back_as_it_was_signed() -> None:
    """Size and root of a signed checkpoint are read back by the holder of the key."""
    note = LOG.checkpoint(7, EMPTY_ROOT)
    assert open_checkpoint(note, LOG.verifier) == Checkpoint("example.com/ledger", 7, EMPTY_ROOT)


def test_the_specifications_checkpoint_is_read() -> None:
    """The example text of C2SP tlog-checkpoint parses to what it says and back."""
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    checkpoint = Checkpoint.parse(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.to_text() == text


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_no_bit_of_a_signed_checkpoint_can_change(place: int, bit: int) -> None:
    """Any bit flipped in a checkpoint file is noticed: by its shape or by its signature."""
    data = bytearray(LOG.checkpoint(1234, EMPTY_ROOT).encode())
    data[place % len(data)] ^= 1 << bit
    try:
        changed = data.decode()
    except UnicodeDecodeError:
        return
    with pytest.raises((BadSignature, MalformedNote)):
        open_checkpoint(changed, LOG.verifier)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    """A key signs for its own origin only."""
    text = Checkpoint("example.com/other", 1, EMPTY_ROOT).to_text()
    note = Note(text, (LOG.sign(text),)).to_text()
    with pytest.raises(BadSignature, match=r"of the log example\.com/other"):
        open_checkpoint(note, LOG.verifier)


def test_a_cosignature_carries_its_time() -> None:
    """A witness's line verifies under its own key, tells when it looked, and leaves the log's line alone."""
    text = Checkpoint(LOG.name, 3, EMPTY_ROOT).to_text()
    note = Note.parse(Note(text, (LOG.sign(text), WITNESS.cosign(text, 1_429_142_400))).to_text())
    assert WITNESS.verifier.verify(note) == 1_429_142_400
    assert LOG.verifier.verify(note) == 0
    signed = note.signatures[1]
    later = Signature(signed.name, signed.key_id, (1_429_142_401).to_bytes(8) + signed.blob[8:])
    with pytest.raises(BadSignature, match="does not fit"):
        WITNESS.verifier.verify(Note(text, (later,)))


def test_one_key_has_another_id_as_witness() -> None:
    """Log and witness keys are told apart by their id even when name and key are the same."""
    assert Signer("w", b"\x05" * 32).key.key_id != Signer("w", b"\x05" * 32, COSIGNATURE_V1).key.key_id


@pytest.mark.parametrize(
    "text",
    [
        "o\n07\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "o\n7\n",
        "o\n7\nAAAA\n",
        "o\n-7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "o\n\u0667\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "o\n99999999999999999999\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "o\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nmore\n",
        "o\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    """Each way of not being a checkpoint is refused."""
    with pytest.raises(MalformedNote):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n- name AAAAAAAA\n",
        "text\n\n\u2014 name\n",
        "text\n\n\u2014 name AAAAAAAA",
        "text\n\n\u2014 name AAAA\n",
        "text\n\n\u2014 name AAAAAAB\n",
        "text\n\n\u2014 name \u00e9\n",
        "te\txt\n\n\u2014 name AAAAAAAA\n",
        "text\n\n\u2014 na+me AAAAAAAA\n",
        "text\n\n" + "\u2014 name AAAAAAAA\n" * 65,
    ],
)
def test_a_malformed_note_is_refused(note: str) -> None:
    """Each way of not being a signed note is refused."""
    with pytest.raises(MalformedNote):
        Note.parse(note)


@given(st.text(max_size=200))
def test_any_text_is_a_note_or_is_refused(text: str) -> None:
    """Parsing ends with a note that is written back as it was, or with the one error."""
    try:
        note = Note.parse(text)
    except MalformedNote:
        return
    assert note.to_text() == text


def test_base64_has_one_form() -> None:
    """A base64 text whose unused bits are set is refused, for two texts must not mean one value."""
    assert from_base64("AA==", "it") == b"\x00"
    with pytest.raises(MalformedNote, match="canonical"):
        from_base64("AB==", "it")


@given(st.integers(0, 200), st.integers(0, 6))
def test_a_mangled_verifier_key_is_refused(place: int, bit: int) -> None:
    """Any bit flipped in a verifier key is noticed by its id or its shape."""
    data = bytearray(SPEC_KEY.encode())
    data[place % len(data)] ^= 1 << bit
    with pytest.raises(MalformedNote):
        VerifierKey.parse(data.decode())


def test_a_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """A new key file has mode 0600, loads to the same key, and is refused when others may read it."""
    path = tmp_path / "ledger.key"
    made = create_signer(path, "example.com/ledger")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_signer(path).verifier_key == made.verifier_key
    path.chmod(0o640)
    with pytest.raises(UnsafeKeyFile, match="0640"):
        load_signer(path)


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    """Making a key where a file stands is refused and leaves the file alone."""
    path = tmp_path / "ledger.key"
    create_signer(path, "example.com/ledger")
    before = path.read_bytes()
    with pytest.raises(UnsafeKeyFile, match="exists already"):
        create_signer(path, "example.com/ledger")
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["", "hello", "PRIVATE+KEY+x", "PRIVATE+KEY+n+00000000+AQ==", "\u00e9"])
def test_what_is_no_key_file_is_refused_without_repeating_it(tmp_path: Path, text: str) -> None:
    """A file that holds no key is refused, and its content does not show in the error."""
    path = tmp_path / "ledger.key"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(UnsafeKeyFile) as caught:
        load_signer(path)
    assert "AQ==" not in str(caught.value)


def test_a_damaged_key_file_is_refused(tmp_path: Path) -> None:
    """A key whose id does not fit is damaged; a missing file says what to run."""
    path = tmp_path / "ledger.key"
    create_signer(path, "example.com/ledger")
    path.write_text(path.read_text().replace("ledger+", "ledgers+"))
    with pytest.raises(UnsafeKeyFile, match="damaged"):
        load_signer(path)
    with pytest.raises(UnsafeKeyFile, match="troth init"):
        load_signer(tmp_path / "none")


def test_a_signer_shows_no_secret(tmp_path: Path) -> None:
    """The text form of a signer is its public key."""
    path = tmp_path / "ledger.key"
    signer = create_signer(path, "example.com/ledger")
    secret = path.read_text().strip().split("+", 4)[4]
    assert secret not in repr(signer)
    assert signer.verifier_key in repr(signer)


def test_a_name_with_a_space_or_plus_names_no_key(tmp_path: Path) -> None:
    """A name that would break signature lines is refused before a file is made."""
    for name in ("", "a b", "a+b", "a\nb"):
        with pytest.raises(MalformedNote):
            create_signer(tmp_path / "ledger.key", name)
    assert not (tmp_path / "ledger.key").exists()
