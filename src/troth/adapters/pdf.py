"""Pages for print: documents as PDF, set by typst (extra `pdf`); no font or file is taken from anywhere but here."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from troth.kernel import Unavailable

_TEMPLATES = Path(__file__).with_name("typesetting")


def certificate_pdf(document: Mapping[str, Any]) -> bytes:
    """A certificate as PDF.

    Args:
        document: What stands on it, as `printed_certificate` gives it.

    Raises:
        Unavailable: The extra `pdf` is not installed.
    """
    try:
        import typst
    except ImportError as error:
        raise Unavailable(
            "PDF needs the extra pdf.", mend="Run `pip install troth[pdf]`, or use the JSON file."
        ) from error
    source = (_TEMPLATES / "certificate.typ").read_bytes()
    made: bytes = typst.compile(
        source, sys_inputs={"data": json.dumps(document)}, ignore_system_fonts=True, pdf_standards=["a-2b"]
    )
    return made
