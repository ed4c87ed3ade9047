"""The bodies that browsers send for forms, read within limits: form-encoded, or in parts where there are files."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from litestar import Request
from litestar.datastructures import UploadFile

from troth.collection import Upload
from troth.web.asgi import read_form
from troth.web.problems import MalformedBody

IN_PARTS = "multipart/form-data"
OWN = "troth-"
"""Names that begin like this are Troth's own and no fields."""
CARRIED, DROPPED = "troth-file.", "troth-drop."
"""Before the name of a file: what was sent with an earlier try, and that it is to be left out."""
SMALL = 16_000
"""Characters of values that are read at once."""
Pairs = list[tuple[str, str | Upload]]


class Body(NamedTuple):
    """What was sent: the fields of the form, and Troth's own by name."""

    pairs: Pairs
    own: Mapping[str, str]

    @property
    def small(self) -> bool:
        """Whether it is of usual size and holds no file."""
        return sum(len(value) if isinstance(value, str) else SMALL for _, value in self.pairs) < SMALL


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
    pairs = _with_carried(pairs)
    for name, value in pairs:
        if name.startswith(OWN) and name not in kept:
            own[name.removeprefix(OWN)] = value if isinstance(value, str) else ""
        else:
            fields.append((name, value))
    return Body(fields, own)


def carried_text(upload: Upload) -> str:
    """A file as a page carries it to the next try: in the page alone, so that nothing of it is kept here meanwhile."""
    held = {"name": upload.name, "media": upload.media, "data": b64encode(upload.data).decode()}
    return msgspec.json.encode(held).decode()


def _with_carried(pairs: Pairs) -> Pairs:
    """The pairs with the files of an earlier try, where no other was chosen and none is to be left out."""
    carried = {
        name.removeprefix(CARRIED): _carried(value)
        for name, value in pairs
        if name.startswith(CARRIED) and isinstance(value, str)
    }
    dropped = {name.removeprefix(DROPPED) for name, _ in pairs if name.startswith(DROPPED)}
    chosen = {name for name, value in pairs if isinstance(value, Upload) and (value.name or value.data)}
    kept = {name: upload for name, upload in carried.items() if name not in dropped | chosen}
    rest = [
        (name, value) for name, value in pairs if not name.startswith((CARRIED, DROPPED)) and name not in kept
    ]
    return [*rest, *kept.items()]


def _carried(text: str) -> Upload:
    try:
        held = msgspec.json.decode(text, type=dict[str, str])
        return Upload(held["name"], held["media"], b64decode(held["data"], validate=True))
    except (msgspec.MsgspecError, KeyError, ValueError) as error:
        raise MalformedBody(
            "The form holds a file that cannot be read.", mend="Choose the file again."
        ) from error


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
