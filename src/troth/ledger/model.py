"""What a ledger entry says; pure.

An entry names a person only by a random handle, and holds no personal value: what must be kept of such stands in
`sealed`, encrypted under the person's key, so that it becomes unreadable when the person is erased while the tree
still verifies.
"""

import msgspec

from troth.kernel import Corrupt, InvalidInput
from troth.ledger.tiles import MAX_ENTRY


class Entry(msgspec.Struct, frozen=True, kw_only=True, tag_field="v", tag=1, omit_defaults=True, gc=False):
    """One recorded decision. Its JSON starts with the format version, `"v":1`; empty members are left out.

    Attributes:
        id: Id of the act, and handle of its receipt.
        at: Instant of the decision, microseconds since 1970 UTC.
        act: What was asked for: collect, use, send, disclose, analyse, erase, instruct.
        effect: "permit" or "deny".
        clauses: Clauses that decided.
        policy: SHA-256 (hex) of the policy version that decided.
        rules: Names of the rules that decided.
        actor: Role that acted.
        key: Id of the API key that it acted with.
        person: Random handle of the person; empty when none is concerned.
        purpose: Data use.
        data: Data categories.
        fields: Names of fields.
        recipient: Declared recipient; empty for an internal act.
        channel: Channel of the act.
        case: Id of the case that gave the business need.
        detail: Further facts that are not personal.
        sealed: Further facts that are personal: base64 of a ciphertext under the person's key.
    """

    id: str
    at: int
    act: str
    effect: str
    clauses: tuple[str, ...] = ()
    policy: str = ""
    rules: tuple[str, ...] = ()
    actor: str = ""
    key: str = ""
    person: str = ""
    purpose: str = ""
    data: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    recipient: str = ""
    channel: str = ""
    case: str = ""
    detail: dict[str, str] = {}
    sealed: str = ""


_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(Entry).decode


def encode_entry(entry: Entry) -> bytes:
    """The entry as compact JSON in its one canonical form: members in order of declaration, `detail` by key.

    Raises:
        InvalidInput: It is longer than an entry may be (65,535 bytes, the limit of the tile format).
    """
    body = _encode(entry)
    if len(body) > MAX_ENTRY:
        raise InvalidInput(
            f"A ledger entry of {len(body)} bytes is longer than {MAX_ENTRY}.",
            mend="Record less in `detail` or `sealed`, or name fewer fields in one act.",
            field="detail",
        )
    return body


def decode_entry(body: bytes) -> Entry:
    """The entry in a leaf's bytes.

    Raises:
        Corrupt: They are no entry of a known format version.
    """
    try:
        return _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Corrupt(
            "A ledger entry is not in a known format.",
            mend="Run `troth ledger verify`; then read the log's backup.",
        ) from error
