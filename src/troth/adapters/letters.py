"""Letters for print: one PDF each (PDF/UA-1, PDF/A-2a), set by typst, and sealed to whoever prints them (extra `pdf`)."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from troth.kernel import InvalidInput, Unavailable

_TEMPLATE = Path(__file__).with_name("typesetting") / "letter.typ"
_STANDARDS: list[Any] = ["ua-1", "a-2a"]
_PAGES = "<pages>"
_COUNT = b"\n#context [#metadata(counter(page).final().first()) <pages>]\n"


def letter_pdf(document: Mapping[str, Any]) -> tuple[bytes, int]:
    """A letter as PDF, its address where the window of the envelope is, and the number of its pages.

    Args:
        document: What stands on it, as `outreach.letter_document` gives it.

    Raises:
        Unavailable: The extra `pdf` is not installed.
    """
    try:
        import typst
    except ImportError as error:
        raise Unavailable("Letters need the extra pdf.", mend="Run `pip install troth[pdf]`.") from error
    source = _TEMPLATE.read_bytes() + _COUNT
    given: dict[str, Any] = {"sys_inputs": {"data": json.dumps(document)}, "ignore_system_fonts": True}
    content: Any = typst.compile(source, pdf_standards=_STANDARDS, **given)
    pages = json.loads(typst.query(source, _PAGES, field="value", one=True, **given))
    return bytes(content), int(pages)


def sealing_to(certificate: Path) -> Callable[[bytes], bytes]:
    """What encrypts a file to whoever has the private key of a certificate: CMS enveloped data (RFC 5652), AES-256.

    `openssl cms -decrypt -inform DER -recip CERTIFICATE -inkey KEY` opens it.

    Args:
        certificate: A certificate in PEM with an RSA key.

    Raises:
        InvalidInput: The file is not there or holds no such certificate.
    """
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
    except (OSError, ValueError) as error:
        raise _unfit(certificate) from error
    if not isinstance(found.public_key(), RSAPublicKey):
        raise _unfit(certificate)

    def seal(content: bytes) -> bytes:
        envelope = pkcs7.PKCS7EnvelopeBuilder().set_data(content)
        whole = envelope.set_content_encryption_algorithm(AES256).add_recipient(found)
        return whole.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])

    return seal


def _unfit(certificate: Path) -> InvalidInput:
    return InvalidInput(
        f"{certificate.name} is no certificate with an RSA key.",
        field="letters.certificate",
        mend="Ask the print house for its certificate in PEM.",
    )
