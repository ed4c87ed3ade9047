"""`troth certificate`: certificates of erasure, listed, shown and checked."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from troth.cli.frame import command, group
from troth.cli.say import Say, table
from troth.cli.sources import file_text, moment
from troth.kernel import NotFound

if TYPE_CHECKING:
    from troth.bootstrap import Troth
    from troth.rights import Certificate, Issued

app = group("certificate", "Certificates of erasure: what was erased, what stays and why, signed.")


@command(
    app,
    "list",
    example="troth certificate list",
    gives={"certificates": "number, case, edition, issued and sha256 of each, the newest first"},
)
def list_(
    say: Say,
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, metavar="N", help="How many.")] = 50,
) -> None:
    """List the certificates that were issued."""
    from troth.rights import certificates

    with say.open() as troth, troth.database.snapshot() as tx:
        found = certificates(tx, limit)
    rows = [
        {
            "number": one.number,
            "case": one.case,
            "edition": one.edition,
            "issued": moment(one.issued_at),
            "sha256": one.digest,
        }
        for one in found
    ]
    heads = ("number", "edition", "issued", "sha256")
    say.answer({"certificates": rows}, table(heads, [[row[h] for h in heads] for row in rows]))


@command(
    app,
    "show",
    example="troth certificate show R-7KQM-93XD --pdf certificate.pdf",
    gives={"number": "of the request", "certificate": "the signed file, whole", "file": "where it was put"},
)
def show(
    say: Say,
    number: Annotated[
        str, typer.Argument(metavar="NUMBER", help="Number of the request, or the id of its case.")
    ],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the signed JSON here.")
    ] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", metavar="FILE", help="Write it as PDF here.")] = None,
) -> None:
    """Show the certificate of a request."""
    with say.open() as troth:
        issued, key = _issued(troth, number), troth.signer.verifier_key
    if out is not None:
        out.write_text(issued.body, encoding="utf-8")
    if pdf is not None:
        _write_pdf(pdf, issued, key)
    written = ", ".join(str(one) for one in (out, pdf) if one is not None)
    told = f"Certificate {issued.number} is in {written}." if written else issued.body
    say.answer({"number": issued.number, "certificate": issued.body, "file": written}, told)


def _issued(troth: "Troth", number: str) -> "Issued":
    from troth.rights import certificate_of

    case = troth.rights.row(number).case
    with troth.database.snapshot() as tx:
        issued = certificate_of(tx, case)
    if issued is None:
        raise NotFound("This request has no certificate yet.", field="number", mend="See its plan.")
    return issued


def _write_pdf(file: Path, issued: "Issued", key: str) -> None:
    from troth.adapters import certificate_pdf
    from troth.flows import SOURCE, printed_certificate, wording
    from troth.rights import read_certificate

    certificate = read_certificate(issued.body).certificate
    file.write_bytes(certificate_pdf(printed_certificate(wording(SOURCE), certificate, key, issued.digest)))


@command(
    app,
    "verify",
    example="troth certificate verify certificate.json --key 'example.com/troth+1b5f...'",
    gives={
        "number": "of the request",
        "edition": "1 at first",
        "complete": "whether nothing stays that is still to be erased",
        "receipts": "how many receipts in it were checked",
        "issued": "instant",
    },
)
def verify(
    say: Say,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The signed JSON file.")],
    *,
    key: Annotated[
        str,
        typer.Option(
            "--key", metavar="VKEY", help="The ledger's public key; left out: that of the data folder."
        ),
    ] = "",
) -> None:
    """Check a certificate and its receipts offline, with nothing but the ledger's public key. Exit code 4 when it is not true."""
    from troth.cli.logs import verifier_key
    from troth.rights import verify_certificate

    if not file.is_file():
        raise NotFound("There is no such file.", field="file", mend="Check the path.")
    found = verify_certificate(file_text(file), verifier_key(say, key))
    document = {name: getattr(found, name) for name in ("number", "edition", "complete", "issued")}
    say.answer({**document, "receipts": len(found.proofs)}, _verified(found))


def _verified(found: "Certificate") -> str:
    state = "everything was erased" if found.complete else "erased, but for what is listed as staying"
    told = f"Verified: request {found.number}, edition {found.edition}, issued {found.issued}: {state}."
    return f"{told} {len(found.proofs)} receipts lead to the signed log."
