"""Proofs and receipts from a live ledger, on both engines."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger import naive
from tests.ledger.support import KEY, LOG, OTHER_LOG, make_entry, new_clock, new_sequencer, stage_entries
from troth.kernel import NotFound
from troth.ledger import (
    BadProof,
    BadSignature,
    Forked,
    MalformedNote,
    Receipt,
    Signer,
    StillStaged,
    VerifiedReceipt,
    checkpoints,
    consistency_proof,
    inclusion_proof,
    keep_cosigned,
    open_checkpoint,
    prove,
    resource,
    root_at,
    stage,
    tree_head,
    verify_receipt,
)
from troth.ledger.merkle import leaf_hash, verify_consistency
from troth.ledger.note import COSIGNATURE_V1, Note
from troth.storage import Database

WITNESS = Signer("witness.example.com", b"\x02" * 32, COSIGNATURE_V1)
STRANGER = Signer("stranger.example.com", b"\x03" * 32, COSIGNATURE_V1)


def cosigned(note: str, witness: Signer = WITNESS) -> str:
    """The checkpoint with a witness's signature under it."""
    parsed = Note.parse(note)
    line = witness.cosign(parsed.text, int(new_clock().now().timestamp()))
    return Note(parsed.text, (*parsed.signatures, line)).to_text()


def lone_receipt(size: int = 7, index: int = 4) -> str:
    """A receipt of a log that needs no database."""
    bodies = [b'{"v":1,"id":"%d"}' % number for number in range(size)]
    note = LOG.checkpoint(size, naive.mth(bodies))
    return Receipt(index, bodies[index], tuple(naive.path(index, bodies)), note).to_text()


def test_every_entry_has_a_receipt_that_verifies_with_the_key_alone(database: Database) -> None:
    """The receipt of each entry, read back from its text, proves that very entry."""
    made = stage_entries(database, 300)
    new_sequencer(database).flush()
    with database.snapshot() as tx:
        for index in (0, 1, 7, 255, 256, 298, 299):
            entry_id, _, body = made[index]
            proven = verify_receipt(prove(tx, entry_id).to_text(), KEY)
            assert proven == VerifiedReceipt(LOG.name, 300, index, body)


def test_proofs_are_those_of_the_definition_at_every_size(database: Database) -> None:
    """Inclusion and consistency proofs, also for sizes of the past, equal the second implementation's."""
    bodies = [body for _, _, body in stage_entries(database, 530)]
    new_sequencer(database).flush()
    with database.snapshot() as tx:
        for size in (1, 2, 255, 256, 257, 511, 512, 513, 530):
            assert root_at(tx, size) == naive.mth(bodies[:size])
            assert inclusion_proof(tx, size - 1, size) == naive.path(size - 1, bodies[:size])
            assert inclusion_proof(tx, size // 2, size) == naive.path(size // 2, bodies[:size])
            proof = consistency_proof(tx, size)
            assert proof == naive.proof(size, bodies)
            verify_consistency(size, naive.mth(bodies[:size]), 530, naive.mth(bodies), proof)
        assert consistency_proof(tx, 100, 300) == naive.proof(100, bodies[:300])


def test_a_staged_entry_has_no_receipt_yet(database: Database) -> None:
    """An entry that waits for the tree is told apart from one that does not exist."""
    new_sequencer(database).integrate()
    waiting = make_entry(1)
    with database.transaction() as tx:
        stage(tx, [waiting])
    with database.snapshot() as tx:
        with pytest.raises(StillStaged):
            prove(tx, waiting[0])
        with pytest.raises(NotFound):
            prove(tx, "0" * 32)


def test_sizes_that_the_tree_never_had_have_no_proof(database: Database) -> None:
    """Asking beyond the tree is not found; a leaf outside a tree has no proof."""
    stage_entries(database, 5)
    new_sequencer(database).flush()
    with database.snapshot() as tx:
        for ask in (
            lambda: root_at(tx, 6),
            lambda: consistency_proof(tx, 2, 9),
            lambda: inclusion_proof(tx, 1, 6),
        ):
            with pytest.raises(NotFound):
                ask()
        with pytest.raises(BadProof):
            inclusion_proof(tx, 5)
        with pytest.raises(BadProof):
            consistency_proof(tx, 4, 3)


def test_files_that_the_log_does_not_have_are_not_found(database: Database) -> None:
    """Unknown paths, tiles to come and wider tiles than there are do not exist; narrower ones of the past do."""
    bodies = [body for _, _, body in stage_entries(database, 300)]
    new_sequencer(database).flush()
    with database.snapshot() as tx:
        for path in (
            "",
            "../x",
            "tile/0/002",
            "tile/0/001.p/45",
            "tile/entries/001.p/45",
            "tile/2/000.p/1",
            "tile/0/001",
        ):
            with pytest.raises(NotFound):
                resource(tx, path)
        assert resource(tx, "tile/0/001.p/10") == b"".join(leaf_hash(body) for body in bodies[256:266])
        assert resource(tx, "tile/entries/000.p/1") == len(bodies[0]).to_bytes(2) + bodies[0]
        assert resource(tx, "checkpoint").decode() == tree_head(tx).note


def test_a_cosigned_checkpoint_is_kept_and_proves(database: Database) -> None:
    """A receipt under a cosigned checkpoint verifies for who trusts the witness; cosignatures of others are added."""
    made = stage_entries(database, 9)
    sequencer = new_sequencer(database)
    sequencer.flush()
    with database.transaction() as tx:
        first = tree_head(tx).note
        keep_cosigned(tx, cosigned(first), LOG.verifier, WITNESS.verifier)
    stage_entries(database, 4)
    sequencer.flush()
    with database.transaction() as tx:
        keep_cosigned(tx, cosigned(first, STRANGER), LOG.verifier, STRANGER.verifier)
        receipt = prove(tx, made[2][0], cosigned=True)
        assert [head.size for head in checkpoints(tx)] == [9, 13]
    proven = verify_receipt(receipt.to_text(), KEY, witnesses=[WITNESS.verifier_key, STRANGER.verifier_key])
    assert (proven.size, proven.index) == (9, 2)


def test_a_receipt_under_a_cosigned_checkpoint_needs_one(database: Database) -> None:
    """Without a witness, or for an entry younger than the witness's last look, there is no cosigned receipt."""
    made = stage_entries(database, 3)
    sequencer = new_sequencer(database)
    sequencer.flush()
    with database.transaction() as tx:
        with pytest.raises(NotFound, match="No witness"):
            prove(tx, made[0][0], cosigned=True)
        keep_cosigned(tx, cosigned(tree_head(tx).note), LOG.verifier, WITNESS.verifier)
    younger = stage_entries(database, 1)
    sequencer.flush()
    with database.snapshot() as tx, pytest.raises(StillStaged):
        prove(tx, younger[0][0], cosigned=True)


def test_only_checkpoints_of_this_tree_are_kept(database: Database) -> None:
    """A checkpoint without the witness's signature, of another tree or of a longer one is not kept."""
    stage_entries(database, 3)
    new_sequencer(database).flush()
    with database.transaction() as tx:
        note = tree_head(tx).note
        with pytest.raises(BadSignature):
            keep_cosigned(tx, note, LOG.verifier, WITNESS.verifier)
        with pytest.raises(Forked):
            keep_cosigned(tx, cosigned(LOG.checkpoint(2, b"\x07" * 32)), LOG.verifier, WITNESS.verifier)
        with pytest.raises(NotFound):
            keep_cosigned(tx, cosigned(LOG.checkpoint(4, b"\x07" * 32)), LOG.verifier, WITNESS.verifier)


def test_a_receipt_names_a_witness_that_did_not_sign() -> None:
    """A receipt without the demanded cosignature is refused."""
    with pytest.raises(BadSignature, match=r"witness\.example\.com"):
        verify_receipt(lone_receipt(), KEY, witnesses=[WITNESS.verifier_key])


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_no_bit_of_a_receipt_can_change(place: int, bit: int) -> None:
    """Any bit flipped anywhere in a receipt is noticed: by shape, by signature or by proof."""
    verify_receipt(lone_receipt(), KEY)
    data = bytearray(lone_receipt().encode())
    data[place % len(data)] ^= 1 << bit
    try:
        changed = data.decode()
    except UnicodeDecodeError:
        return
    with pytest.raises((MalformedNote, BadSignature, BadProof)):
        verify_receipt(changed, KEY)


def test_a_receipt_of_another_log_is_refused() -> None:
    """The same name with another key is another log."""
    with pytest.raises(BadSignature):
        verify_receipt(lone_receipt(), OTHER_LOG.verifier_key)


def test_another_entry_in_a_receipt_is_told() -> None:
    """An entry put in the place of the proven one leads to another root, and the error says which leaf it was."""
    receipt = Receipt.parse(lone_receipt())
    with pytest.raises(BadProof, match="leaf 4"):
        verify_receipt(replace(receipt, body=b'{"v":1,"id":"9"}').to_text(), KEY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1\n",
        "c2sp.org/tlog-proof@v2\nextra \nindex 0\n\nnote\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n\nnote\n",
        "c2sp.org/tlog-proof@v1\nextra AA==\nindex 00\n\nnote\n",
        "c2sp.org/tlog-proof@v1\nextra AA==\nindex 0\nAAAA\n\nnote\n",
        "c2sp.org/tlog-proof@v1\nextra AA==\nindex 0\n" + "A" * 43 + "=\n" * 1 + "\n\nnote\n",
        "c2sp.org/tlog-proof@v1\nextra AA==\nindex 0\n" + ("A" * 43 + "=\n") * 64 + "\nnote\n",
    ],
)
def test_a_malformed_receipt_is_refused(text: str) -> None:
    """Each way of not being a receipt is refused with the one error for shape."""
    with pytest.raises(MalformedNote):
        verify_receipt(text, KEY)


def test_the_signed_head_of_a_receipt_is_the_logs(database: Database) -> None:
    """The checkpoint in a receipt is the log's own newest one, byte for byte."""
    made = stage_entries(database, 3)
    new_sequencer(database).flush()
    with database.snapshot() as tx:
        assert prove(tx, made[0][0]).note == tree_head(tx).note
        assert open_checkpoint(tree_head(tx).note, LOG.verifier).size == 3
