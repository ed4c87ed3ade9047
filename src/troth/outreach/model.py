"""What is sent and what sends it; pure data and the port that carries mail."""

from collections.abc import Callable, Mapping
from datetime import datetime
from email.message import EmailMessage
from typing import NamedTuple, Protocol

from troth.kernel import Unavailable
from troth.policy import Policy

Fresh = Callable[[str, Mapping[str, str]], Mapping[str, str]]
Instead = Callable[[str, Mapping[str, str]], str]


class Undeliverable(Exception):
    """The next mail server refuses this mail for good; sending it again would not help. Its text holds no address.

    Args:
        what: What happened.
        reply: The server's reply code (RFC 5321), such as 550; 0 where there was none.
    """

    def __init__(self, what: str = "The mail was refused.", reply: int = 0) -> None:
        super().__init__(what)
        self.reply = reply


class Deferred(Unavailable):
    """The next mail server takes this mail later.

    Args:
        what: What happened, without an address.
        reply: The server's reply code (RFC 5321), such as 451.
    """

    def __init__(self, what: str, reply: int) -> None:
        super().__init__(what, mend="It is tried again.")
        self.reply = reply


class Unanswered(Unavailable):
    """The next mail server has the whole mail and did not say whether it takes it: nobody knows (RFC 5321, 4.5.3.2.6)."""


class Formed(NamedTuple):
    """A mail in the form in which it goes over the wire, written so at once.

    Args:
        content: Headers and body, ASCII, CR LF at each line's end.
        date: That of its header.
        signed: Whether its signatures stand in it already, where mail is signed.
    """

    content: bytes
    date: datetime
    signed: bool = False


class Mail(NamedTuple):
    """A mail ready to go.

    Args:
        id: Of the job that promised it; the same at each try.
        person: Handle of whom it goes to.
        sender: Address for the envelope.
        address: Where it goes.
        message: Headers and body.
        bulk: Whether it is one of many that nobody waits for; such mail yields where limits are set.
    """

    id: str
    person: str
    sender: str
    address: str
    message: EmailMessage | Formed
    bulk: bool = False

    @property
    def domain(self) -> str:
        """The domain that it goes to, in lower case."""
        return self.address.rpartition("@")[2].lower()

    def __repr__(self) -> str:
        return f"Mail(id={self.id!r}, person={self.person!r})"


class Marks(NamedTuple):
    """What one copy of a mass mail bears of its own.

    Args:
        unsubscribe: Address (https) that takes a one-click opt-out (RFC 8058); empty where the mail cannot be stopped.
        preferences: Address of the page of preferences; empty for none.
        envelope: Sender of the envelope, by which what comes back is known again; empty for the company's own.
        reason: Why this person gets it, in words that complete "You get this message because"; empty where the writer knows.
        by_mail: Address (mailto) of a mail that opts out too (RFC 2369); empty for none.
    """

    unsubscribe: str
    preferences: str
    envelope: str
    reason: str
    by_mail: str = ""


class Mailer(Protocol):
    """Carries mail away. At least once: whoever receives a mail twice knows it by its Message-ID."""

    def send(self, mail: Mail) -> None:
        """Hand a mail over; when this returns, somebody else answers for it. Several threads may call it at once.

        Raises:
            Undeliverable: It was refused for good.
            Unavailable: Nobody takes it now; try again later, not before its `at` where it names one. The server may have
                taken it and not said so: a repeat has the same Message-ID.
        """


class OpenMailer(Mailer, Protocol):
    """A mailer that keeps connections open between two mails."""

    def ready(self, mail: Mail) -> Mail:
        """A mail as it goes over the wire, signed; `send` does the same with one that was not made ready before."""

    def close(self) -> None:
        """Take leave of whoever takes the mails; `send` opens what it needs again."""


class Template(NamedTuple):
    """A kind of mail; its text is `mails/NAME.md`, and in other languages `mails/NAME.de.md` and so on.

    Args:
        name: As jobs name it.
        purpose: Data use that it serves.
        reads: Types of fields that it shows, such as `name`, beside the address. The policy tells which fields these are.
        variables: Names that `fresh` gives. One that ends in `link` is a web address.
        fresh: Gives variables at the moment of sending, from the person's handle and the job's handles by name: a link
            with a token is made here, so that no secret rests in a job. It may raise `JobOver` when the mail is no longer
            wanted.
        instead: Gives the name of the template that is used in this one's place, from the same; so that whether an address
            is known decides what its mailbox reads, and nothing that anybody else can see.
        language: Gives the language that it is wanted in, from the same; empty for that of the policy. Left out: that of the page
            by which it was asked for.
        to: Gives the field that holds the address, where it goes to somebody else than the person whom it is about; by the policy.
        record: Gives the record that holds this field, from the same as `fresh`.
        staff: Whether it goes to those who work here, so that its foot speaks of what the clause asks of them.
        records: Gives the records that hold the address and the fields of `writes`, from the same as `fresh`; all are read by one
            decision.
        writes: Gives the fields that hold what somebody wrote, by the name of their variable, by the policy. A variable whose name
            ends in `text` keeps its lines.
        thread: Gives the jobs of the mails in its thread, oldest first, from the same as `fresh`.
        theirs: Gives the records that hold the Message-IDs of the person's own mails that it answers, oldest first, from the same
            as `fresh`; read by the same decision.
        sender: Gives the address that it comes from, by the policy, where that is not the settings' own.
        written: Whether a person wrote it, so that it does not call itself automatic (RFC 3834).
    """

    name: str
    purpose: str
    reads: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    fresh: Fresh | None = None
    instead: Instead | None = None
    language: Instead | None = None
    to: Callable[[Policy], str] | None = None
    record: Instead | None = None
    staff: bool = False
    records: Callable[[str, Mapping[str, str]], tuple[str, ...]] | None = None
    writes: Callable[[Policy], Mapping[str, str]] | None = None
    thread: Callable[[str, Mapping[str, str]], tuple[str, ...]] | None = None
    theirs: Callable[[str, Mapping[str, str]], tuple[str, ...]] | None = None
    sender: Callable[[Policy], str] | None = None
    written: bool = False
