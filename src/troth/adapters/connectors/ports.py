"""What connectors need from the rest: a person's identifiers by a decision of the policy, and a memory of what was done."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from troth.connectors import Change, Identity, Run, Wrong
from troth.flows import Work


class Memory(Protocol):
    """A connector's own part of the data folder."""

    def identity(self, work: Work) -> Identity:
        """A person's identifiers by kind: what was put by for this work, else what the gate gives.

        Raises:
            Refused: The policy does not permit it.
        """

    def corrected(self, work: Work) -> Mapping[str, object]:
        """The new values of a correction, by field, that the policy lets the recipient have; empty for other requests.

        Raises:
            Unavailable: The correction itself is not done yet.
        """

    def wrong(self, work: Work) -> Sequence[Wrong]:
        """The fields that a correction gives new values for.

        Raises:
            Refused: The policy does not permit to look.
        """

    def changes(self, work: Work) -> tuple[Identity, Mapping[Wrong, Change | None]]:
        """The person's identifiers, and old and new value of each field, as they were put by; nothing where nothing was.

        A field that was not corrected here has no values.

        Raises:
            Unavailable: The correction itself is not done yet.
        """

    def put_by(self, work: Work, identity: Identity) -> None:
        """Seal identifiers until the work is done: the person may be erased here before the connector's side is."""

    def run(self, case: str) -> Run | None:
        """What was begun and done for a case."""

    def by_message(self, message: str) -> Run | None:
        """What a message of this connector is about."""

    def begin(self, work: Work, digests: Sequence[bytes] | None = None) -> Run:
        """Note that work begins, and which rows were found, before anything is changed."""

    def sent(self, run: Run, *, received: bool) -> None:
        """Note that a recipient was sent the message, and whether it said that it has it."""

    def finish(self, run: Run, result: str, words: Mapping[str, str], data: bytes = b"") -> None:
        """Note how it ended, in the ledger too; seals the data that a recipient answered."""

    def copied(self, work: Work) -> None:
        """Note in the ledger that data was read for a copy."""

    def answer(self, run: Run) -> bytes:
        """The data that a recipient answered; empty for none."""
