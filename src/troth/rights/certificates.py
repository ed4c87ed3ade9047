"""Certificates of erasure: what was erased, what stays and why, signed with the ledger's key, and proven by its receipts.

A certificate holds no value of anybody. Its signature is a signed note (C2SP signed-note) over a text of three lines: the format, the
number of the request, and the SHA-256 of the certificate as canonical JSON. Whoever has the file and the ledger's public key needs
nothing else to check it. When what stayed is erased later, the same certificate is issued again as its next edition.
"""

from hashlib import sha256
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import bindparam, func, select

from troth.kernel import Corrupt, InvalidInput
from troth.ledger import BadProof, Note, Signer, Verifier, decode_entry, verify_receipt
from troth.rights.tables import certificate
from troth.storage import Statement, Transaction, Upsert

FORMAT: Literal["troth-certificate/1"] = "troth-certificate/1"
CLOSING = "erasure-closing"
"""Mail template of the last mail to somebody who is erased, with the link to the certificate."""
_SIGNED_LINES = 3
Instant = Annotated[str, Meta(description="instant with its zone; empty for none")]


class Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing in one place, and what became of it."""

    store: Annotated[str, Meta(description="the place")]
    what: Annotated[str, Meta(description="what is concerned, in the policy's words")]
    action: Annotated[str, Meta(description="what was to be done there")]
    state: Literal["done", "kept", "failed"]
    reason: Annotated[str, Meta(description="the clause that it follows; for what stays, what keeps it")]
    until: Instant = ""
    at: Instant = ""
    note: str = ""


class Backup(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A backup in which sealed remains lie, and when they become unreadable for good."""

    made: Instant
    until: Instant


class DrillTold(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last restore drill before the certificate: erased people were looked for in restored backups."""

    ended: Instant
    passed: bool
    backups: int
    opened: Annotated[
        int, Meta(description="values of erased people that could be read; none, when all is well")
    ]


class Proof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ledger entry with its receipt (C2SP tlog-proof)."""

    entry: str
    act: str
    receipt: str


class Certificate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of a request to erase."""

    format: Literal["troth-certificate/1"]
    number: Annotated[str, Meta(description="number of the request")]
    edition: Annotated[
        int, Meta(ge=1, description="1 at first; one more each time when what stayed was erased")
    ]
    replaces: Annotated[str, Meta(description="SHA-256 of the edition before; empty in the first")]
    company: str
    policy: Annotated[str, Meta(description="SHA-256 of the policy version in force")]
    clause: str
    person: Annotated[
        str, Meta(description="the random handle that the person had in the ledger; it leads to nobody now")
    ]
    received: Instant
    issued: Instant
    complete: Annotated[bool, Meta(description="whether nothing stays that is still to be erased")]
    lines: tuple[Line, ...]
    backups: tuple[Backup, ...] = ()
    drill: DrillTold | None = None
    proofs: tuple[Proof, ...] = ()


class SignedCertificate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A certificate with its signature."""

    certificate: Certificate
    signature: Annotated[
        str, Meta(description="signed note (C2SP signed-note) over format, number and SHA-256")
    ]


class Issued(NamedTuple):
    """A certificate as it is kept. `covers` tells which plan it is of; the instant is in microseconds."""

    case: str
    number: str
    edition: int
    covers: str
    digest: str
    issued_at: int
    body: str


_COLUMNS = tuple(certificate.c)
_PUT = Upsert(
    certificate, by=("case_id",), update=("number", "edition", "covers", "digest", "issued_at", "body")
)
_OF = Statement(select(*_COLUMNS).where(certificate.c.case_id == bindparam("which")))
_NEWEST = Statement(
    select(*_COLUMNS).order_by(certificate.c.issued_at.desc(), certificate.c.case_id).limit(bindparam("most"))
)
_COUNT = Statement(select(func.count()).select_from(certificate))
_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(SignedCertificate).decode


def canonical(document: Certificate) -> bytes:
    """A certificate in the one form that is signed: JSON without blanks, members sorted."""
    return _encode(document)


def digest_of(document: Certificate) -> str:
    """SHA-256 (hexadecimal) of a certificate in its canonical form."""
    return sha256(canonical(document)).hexdigest()


def sign_certificate(document: Certificate, signer: Signer) -> str:
    """The file of a certificate, signed."""
    text = f"{FORMAT}\n{document.number}\n{digest_of(document)}\n"
    note = Note(text, (signer.sign(text),)).to_text()
    signed = SignedCertificate(certificate=document, signature=note)
    return msgspec.json.format(_encode(signed), indent=2).decode() + "\n"


def verify_certificate(file: str, vkey: str) -> Certificate:
    """Check a certificate with nothing but the ledger's public key: its signature, and the receipts in it.

    Args:
        file: The certificate's file.
        vkey: The ledger's verifier key.

    Raises:
        InvalidInput: It is no certificate.
        MalformedNote: The key or the signature is malformed.
        BadSignature: The ledger did not sign it.
        Corrupt: What is signed is not this certificate, or a receipt is not about this person.
        BadProof: A receipt does not lead to its signed root.
    """
    signed = read_certificate(file)
    note = Note.parse(signed.signature)
    Verifier.parse(vkey).verify(note)
    lines = note.text.split("\n")
    document = signed.certificate
    wanted = [FORMAT, document.number, digest_of(document), ""]
    if len(lines) != _SIGNED_LINES + 1 or lines != wanted:
        raise Corrupt(
            "The signature is of another certificate: something in it was altered.",
            mend="Fetch the certificate again from whoever issued it.",
        )
    for proof in document.proofs:
        entry = decode_entry(verify_receipt(proof.receipt, vkey).body)
        if (entry.id, entry.act, entry.person, entry.effect) != (
            proof.entry, proof.act, document.person, "permit",
        ):  # fmt: skip
            raise BadProof(
                "A receipt in the certificate proves something else than it says.",
                mend="Fetch the certificate again from whoever issued it.",
            )
    return document


def read_certificate(file: str) -> SignedCertificate:
    """A certificate's file, nothing of it checked.

    Raises:
        InvalidInput: It is no certificate.
    """
    try:
        return _decode(file)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidInput(
            "This is no certificate.", field="file", mend="Give the file as it was downloaded."
        ) from error


def certificate_schema() -> dict[str, Any]:
    """JSON Schema of a certificate's file."""
    return msgspec.json.schema(SignedCertificate)


def keep_certificate(tx: Transaction, issued: Issued) -> None:
    """Keep a certificate; there is one for each case, its newest edition."""
    tx.run(_PUT, tuple(issued))


def certificate_of(tx: Transaction, case: str) -> Issued | None:
    """The certificate of a case; None where there is none yet."""
    row = tx.row(_OF, {"which": case})
    return Issued(*row) if row is not None else None


def certificates(tx: Transaction, most: int = 100) -> list[Issued]:
    """The certificates that were issued, the newest first."""
    return [Issued(*row) for row in tx.rows(_NEWEST, {"most": most})]


def certificate_count(tx: Transaction) -> int:
    """How many certificates there are."""
    row = tx.row(_COUNT)
    return int(row[0]) if row is not None else 0
