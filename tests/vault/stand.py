"""What the vault's tests stand on: fields, decisions, a root key in memory and a vault over two databases."""

from pathlib import Path
from typing import Any

from troth.policy import Decision, Field
from troth.storage import Database
from troth.vault import KeyRing, ReadWant, RootKey, Vault, WriteWant, create_key_store, crypto, finish_erasure
from troth.vault.erasure import begin_erasure

EMAIL = Field(name="email", category="user.contact.email", klass="personal", group="contact", type="email")
PHONE = Field(
    name="phone", category="user.contact.phone_number", klass="personal", group="contact", type="phone"
)
CARD = Field(name="payment_token", category="user.payment", klass="personal", group="billing", type="token")
FIELDS = {field.name: field for field in (EMAIL, PHONE, CARD)}
POLICY, LATER_POLICY = "a" * 64, "b" * 64


class MemoryRoot:
    """A root key for tests."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._secret = crypto.new_secret()

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """See `RootKey.wrap`."""
        return crypto.root_wrap(self._secret, secret, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """See `RootKey.unwrap`."""
        return crypto.root_unwrap(self._secret, wrapped, context)


def decision(*allowed: str, effect: Any = "permit") -> Decision:
    """A decision that allows categories."""
    return Decision(effect, ("IV.2",), ("rule",), allowed, (), POLICY, "For a test.")


ALL = decision(*(field.category for field in FIELDS.values()))


class Stand:
    """A vault over two databases, with short words for what tests do.

    Args:
        data: The data database.
        keystore: The key store.
        root: The root key over it; None makes one, and the first store keys under it.
    """

    def __init__(self, data: Database, keystore: Database, root: RootKey | None = None) -> None:
        self.data, self.keystore = data, keystore
        self.root = root or MemoryRoot("memory:first")
        if root is None:
            create_key_store(keystore, self.root, 1)
        self.vault = Vault(KeyRing(keystore, self.root))

    @property
    def keys(self) -> KeyRing:
        """The open key store."""
        return self.vault.keys

    def add(self, who: str, **values: Any) -> None:
        """Add a person, findable by the e-mail address if there is one."""
        self.keys.prepared({who: {FIELDS[name].group for name in values}}, {}, 10)
        with self.data.transaction() as tx:
            self.vault.create_persons(tx, [(who, POLICY)], 10)
            if "email" in values:
                self.vault.add_identifiers(tx, who, [("email", values["email"])])
        self.write(who, **values)

    def write(self, who: str, policy: str = POLICY, **values: Any) -> None:
        """Write values."""
        self.keys.prepared({who: {FIELDS[name].group for name in values}}, {}, 10)
        pairs = tuple((FIELDS[name], value) for name, value in values.items())
        with self.data.transaction() as tx:
            self.vault.write_fields(tx, [WriteWant(ALL, who, policy, pairs)], 20)

    def read(self, who: str, *names: str) -> dict[str, Any]:
        """Read fields, all when none is named; in a unit of work, as the gate does."""
        wanted = tuple(FIELDS[name] for name in names or FIELDS)
        with self.data.transaction() as tx:
            return self.vault.read_fields(tx, [ReadWant(ALL, who, wanted)])[0]

    def find(self, address: str) -> str | None:
        """Who has an e-mail address."""
        with self.data.snapshot() as tx:
            return self.vault.find_persons(tx, [("email", address)]).get(("email", address))

    def knows(self, who: str) -> bool:
        """Whether a person is there."""
        with self.data.snapshot() as tx:
            return who in self.vault.people(tx, [who])

    def begin(self, who: str) -> None:
        """First step of an erasure."""
        with self.data.transaction() as tx:
            begin_erasure(tx, who, 30)

    def finish(self, who: str) -> None:
        """Last step of an erasure."""
        with self.data.transaction() as tx:
            finish_erasure(tx, who, 31)

    def erase(self, who: str) -> None:
        """All steps of an erasure."""
        self.begin(who)
        self.keys.destroy([who])
        self.finish(who)


def bytes_on_disk(folder: Path) -> bytes:
    """Everything in a folder's files, write-ahead logs included."""
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())
