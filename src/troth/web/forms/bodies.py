"""The bodies that browsers send for forms, read within limits: form-encoded, or in parts where there are files."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from litestar import Request
from litestar.datastructures import UploadFile

from troth.collection import Upload
from troth.web.asgi import read_form
from troth.web.problems import MalformedBody

IN_PARTS = "multipart/form-data"
OWN = "troth-"
"""Names that begin like this are Troth's own and no fields."""
Pairs = list[tuple[str, str | Upload]]


class Body(NamedTuple):
    """What was sent: the fields of the form, and Troth's own by name."""

    pairs: Pairs
    own: Mapping[str, str]


async def form_body(request: Request[Any, Any, Any], kept: frozenset[str] = frozenset()) -> Body:
    """The body of a form; `kept` are names of Troth's own that belong to the fields.

    Raises:
        WrongMediaType: It is declared as something else.
        MalformedBody: It cannot be read.
        ClientException: It is too long or has too many parts.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media == IN_PARTS:
        pairs = await _in_parts(request)
    else:
        pairs = [*await read_form(request.scope, request.receive)]
    fields: Pairs = []
    own: dict[str, str] = {}
    for name, value in pairs:
        if name.startswith(OWN) and name not in kept:
            own[name.removeprefix(OWN)] = value if isinstance(value, str) else ""
        else:
            fields.append((name, value))
    return Body(fields, own)


async def _in_parts(request: Request[Any, Any, Any]) -> Pairs:
    try:
        form = await request.form()
    except (ValueError, LookupError) as error:  # text in another encoding, no boundary
        raise MalformedBody("The form cannot be read.", mend="Send its parts in UTF-8.") from error
    pairs: Pairs = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            pairs.append((name, Upload(value.filename, value.content_type, await value.read())))
            await value.close()
        else:
            pairs.append((name, str(value)))
    if any("\0" in name or (isinstance(value, str) and "\0" in value) for name, value in pairs):
        raise MalformedBody("The form holds a null character.", mend="Leave it out.")
    return pairs
