"""Settings of a data folder: `troth.toml`, with a few overrides from the environment."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from troth.kernel import InvalidInput, NotFound

SETTINGS_FILE = "troth.toml"
_MAILBOX = r"^staff(\.[a-z0-9_]+)*=[^@\s=]+@[^@\s=]+$"
_DOMAIN = r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+)?$"
_SELECTOR = r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?)?$"
_FROM_ENVIRONMENT = (
    ("data", "database", "TROTH_DATABASE_URL"),
    ("keys", "keystore", "TROTH_KEYSTORE_URL"),
    ("web", "public_url", "TROTH_PUBLIC_URL"),
    ("web", "style", "TROTH_STYLE"),
)


class DataSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[data]: where people, requests and the ledger are kept; a file name inside the folder or a postgresql:// URL."""

    database: str = "data.db"


class KeySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[keys]: where keys are kept, outside the data.

    Args:
        keystore: File name inside the folder, or a postgresql:// URL of a database of its own.
        root: `file:PATH`, `aws-kms:KEY` or `vault-transit:URL#KEY`.
    """

    keystore: str = "keys/keystore.db"
    root: str = "file:keys/root.key"


class LedgerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[ledger]: the log's name in checkpoints, its signing key, and seconds between integrations."""

    origin: str = "localhost/troth"
    signer: str = "keys/ledger.key"
    interval: float = 0.1


class WebSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[web]: the address to listen on, and the address people see.

    Args:
        host: Address to listen on.
        port: Port to listen on.
        public_url: Address that people see.
        style: A style sheet of the company, linked after Troth's own on every page, inside the folder unless absolute;
            empty for none.
        submissions_per_minute: What one network may send to public points without a key; 0 for no limit.
        choices_per_minute: How often one network may choose about cookies; 0 for no limit.
        telemetry_host: Host name on which telemetry answers, and nothing else does; empty for that of all pages.
        opt_ins_per_minute: How often one network may switch telemetry on; 0 for no limit.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = "http://127.0.0.1:8080"
    style: str = ""
    submissions_per_minute: int = 120
    choices_per_minute: int = 60
    telemetry_host: str = ""
    opt_ins_per_minute: int = 60

    @property
    def over_https(self) -> bool:
        """Whether people see the service over https."""
        return self.public_url.startswith("https://")


class InboundSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[mail.inbound]: how mail comes in.

    Args:
        listen: `smtp://host:port` or `lmtp://host:port`; empty for no mail at all.
        domain: Domain of the aliases under which users reach each other; empty for that of the policy's support address.
        imap: `imaps://host:port` of a mailbox to look into; empty for none. `imap://` only inside this machine.
        imap_folder: The folder of the mailbox that is looked into.
        imap_done: The folder to which mails that were taken are moved; empty where they are only marked as read.
        imap_seconds: Seconds between two looks.
        max_bytes: Largest mail.
        max_recipients: Most recipients of a mail.
        max_connections: Most connections at once.
        timeout_seconds: Until the next command, and for the whole of a mail's data.
        keep_days: Days after which a mail that nobody handled is destroyed.
    """

    listen: str = ""
    domain: str = ""
    imap: str = ""
    imap_folder: str = "INBOX"
    imap_done: str = ""
    imap_seconds: Annotated[float, msgspec.Meta(ge=1.0, le=86_400.0)] = 60.0
    max_bytes: int = 10_000_000
    max_recipients: int = 20
    max_connections: int = 50
    timeout_seconds: float = 60.0
    keep_days: int = 30


class DkimSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[mail.dkim]: the signatures of mail that leaves (RFC 6376).

    Args:
        domain: In whose name mail is signed: that of the address mail comes from, or one above it; empty for no signature.
        selector: Name of the RSA key below `_domainkey`; its file is `keys/dkim-SELECTOR.pem`.
        ed25519: Selector of a second key, which makes a second signature (RFC 8463); empty for none.
        look_up: Whether `troth doctor` asks the DNS for the records.
    """

    domain: Annotated[str, msgspec.Meta(pattern=_DOMAIN)] = ""
    selector: Annotated[str, msgspec.Meta(pattern=_SELECTOR)] = "troth"
    ed25519: Annotated[str, msgspec.Meta(pattern=_SELECTOR)] = ""
    look_up: bool = False

    @property
    def selectors(self) -> tuple[tuple[str, str], ...]:
        """Selector and algorithm of each key."""
        both = ((self.selector, "rsa"), (self.ed25519, "ed25519"))
        return tuple(one for one in both if one[0])


class LimitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[mail.limits]: how much mail goes out. Mail to many waits; mail that somebody waits for is counted and goes.

    Args:
        domains: `DOMAIN=RATE` each: most mails to a domain, such as `example.com=600/hour`; spans are minute, hour and day.
        others: Most mails to all other domains together; empty for no limit.
        at_once: `DOMAIN=COUNT` each: most mails to a domain at the same time.
        warm_up: Most mails a day of a new sender, on the first day on which it sends, the second, and so on; then no limit.
    """

    domains: tuple[str, ...] = ()
    others: str = ""
    at_once: tuple[str, ...] = ()
    warm_up: tuple[Annotated[int, msgspec.Meta(ge=1)], ...] = ()


class MailSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[mail]: how mail leaves.

    Args:
        transport: `folder`, `smtp://host:port` or `smtps://host:port`.
        sender: Address that mail comes from; empty for the policy's support address.
        recipient: The policy's declared recipient that carries mail; empty for its only processor with channel email.
        role: The policy's role that sends.
        keep_days: Days after which a mail in the folder is removed.
        connections: Most connections to the mail server at once.
        mails_per_connection: Mails after which a connection is closed and another opened.
        dkim: How mail is signed.
        limits: How much of it goes out.
        inbound: How mail comes in.
    """

    transport: str = "folder"
    sender: str = msgspec.field(default="", name="from")
    recipient: str = ""
    role: str = "service.mailer"
    keep_days: int = 30
    connections: Annotated[int, msgspec.Meta(ge=1, le=100)] = 4
    mails_per_connection: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 100
    dkim: DkimSettings = DkimSettings()
    limits: LimitSettings = LimitSettings()
    inbound: InboundSettings = InboundSettings()


class LetterSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[letters]: how letters leave.

    Args:
        folder: Where batches for the print house are laid, inside the folder unless absolute.
        recipient: The policy's declared recipient that prints; empty for its only processor with channel letter.
        layout: `din` (A4, DIN 5008 form B) or `us` (letter paper, #10 window); empty for the custom of the controller's country.
        certificate: Certificate of the print house (PEM, RSA key), to which each letter is encrypted; empty for none.
        keep_days: Days after which a batch that nobody fetched is removed.
    """

    folder: str = "letters"
    recipient: str = ""
    layout: Literal["", "din", "us"] = ""
    certificate: str = ""
    keep_days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 14


class CallSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[calls]: how people are called.

    Args:
        recipient: The policy's declared recipient that calls; empty for its only processor with channel phone.
        keep_days: Days after which a call list ends by itself.
    """

    recipient: str = ""
    keep_days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 14


class CampaignSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[campaigns]: mass mail.

    Args:
        uncertain: What becomes of a copy of which a crash left nobody to know whether the mail server took it: `again`
            sends it once more under its Message-ID, `count` counts it as failed.
    """

    uncertain: Literal["again", "count"] = "again"


class LinkSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[links]: looking at the privacy policies of other sites; `private` lets a test look at one on this machine."""

    private: bool = False


class EventSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[events]: web events.

    Args:
        country_database: A country database in the MaxMind DB format, inside the folder unless absolute; empty for none.
        proxies: Addresses of reverse proxies whose `X-Forwarded-For` is believed.
        fold_seconds: Seconds between foldings of the inbox into the lake.
        try_out: Name of the declared web site whose pages may lie on this machine too; empty for none.
    """

    country_database: str = ""
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    fold_seconds: float = 5.0
    try_out: str = ""


class InsightsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[insights]: reports whose figures bear noise.

    Args:
        engine: What adds up over the lake: `duckdb` inside this process, or the address of a Spark master.
    """

    engine: str = "duckdb"


class BackupSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[backup]: how long a backup opens, and how often it is tried that nobody erased comes back.

    Args:
        epoch_days: Days, at most 30, after which the epoch key of a backup is gone, and its copy of the key store shut.
        epochs: Folders that each hold every epoch key and the journal of erasures, inside the folder unless absolute.
        drill_days: Days between restore drills; 0 for none by itself.
    """

    epoch_days: Annotated[int, msgspec.Meta(ge=1, le=30)] = 7
    epochs: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)] = ("keys/epochs",)
    drill_days: Annotated[int, msgspec.Meta(ge=0, le=366)] = 7


class CompanySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[staff.company]: the company's own OpenID provider, by which staff may sign in at the console.

    Args:
        issuer: Its address, as in its discovery document; empty for none.
        client_id: Under which it knows this service.
        groups: `GROUP=ROLE` each: whose groups name one of these works in that role; none: the role given with `troth staff add`.
        claim: Name of the claim that holds the groups.
        create: Whether somebody whose group has a role is added at the first sign-in.
        private: Whether it may lie inside a private network, and be asked without TLS on this machine.
    """

    issuer: str = ""
    client_id: str = ""
    groups: tuple[str, ...] = ()
    claim: str = "groups"
    create: bool = False
    private: bool = False


class StaffSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[staff]: the console.

    Args:
        idle_minutes: After which a session in which nothing is done ends.
        session_hours: After which every session ends.
        keep_days: For which somebody who was shut out is still known by name.
        mailboxes: `ROLE=ADDRESS` each: who is told by mail of what comes due or is late; for a role without one, its people
            whose name to sign in by is an address.
        company: The company's own OpenID provider.
    """

    idle_minutes: Annotated[int, msgspec.Meta(ge=1, le=480)] = 30
    session_hours: Annotated[int, msgspec.Meta(ge=1, le=24)] = 10
    keep_days: Annotated[int, msgspec.Meta(ge=0, le=3660)] = 730
    mailboxes: tuple[Annotated[str, msgspec.Meta(pattern=_MAILBOX)], ...] = ()
    company: CompanySettings = CompanySettings()


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything in `troth.toml`."""

    data: DataSettings = DataSettings()
    keys: KeySettings = KeySettings()
    ledger: LedgerSettings = LedgerSettings()
    web: WebSettings = WebSettings()
    mail: MailSettings = MailSettings()
    letters: LetterSettings = LetterSettings()
    calls: CallSettings = CallSettings()
    campaigns: CampaignSettings = CampaignSettings()
    links: LinkSettings = LinkSettings()
    events: EventSettings = EventSettings()
    insights: InsightsSettings = InsightsSettings()
    backup: BackupSettings = BackupSettings()
    staff: StaffSettings = StaffSettings()


def read_settings(folder: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings of a folder.

    Args:
        folder: The data folder.
        environment: Overrides; the process's own when None. `TROTH_DATABASE_URL` and `TROTH_KEYSTORE_URL` keep
            passwords out of the file; `TROTH_PUBLIC_URL` lets one file serve at several addresses.

    Raises:
        NotFound: The folder was not initialised.
        InvalidInput: The file is malformed; names the setting.
    """
    path = folder / SETTINGS_FILE
    if not path.is_file():
        raise NotFound(
            f"{folder} is not a Troth folder: it has no {SETTINGS_FILE}.", mend=f"Run `troth init {folder}`."
        )
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{path} is not valid TOML: {error}.", mend="Mend that line.") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is not text in UTF-8.", mend="Save it as UTF-8.") from error
    environment = os.environ if environment is None else environment
    for section, name, variable in _FROM_ENVIRONMENT:
        given = content.setdefault(section, {})
        if not isinstance(given, dict):  # refused below
            continue
        if environment.get(variable):
            given[name] = environment[variable]
        elif given.get(name) == f"${variable}":
            raise InvalidInput(
                f"The setting {section}.{name} stands in the variable {variable}, which is not set.",
                field=f"{section}.{name}",
                mend=f"Set {variable} to the database's URL.",
            )
    try:
        return msgspec.convert(content, Settings)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"{path}: {error}.", mend="See docs/settings.md.") from error


def served_at(settings: Settings, host: str, port: int) -> Settings:
    """The settings of a server that listens elsewhere than they say: a public address that only repeats them follows."""
    web = settings.web
    if web.public_url != f"http://{web.host}:{web.port}":
        return settings
    followed = msgspec.structs.replace(web, public_url=f"http://{host}:{port}")
    return msgspec.structs.replace(settings, web=followed)


def settings_text(settings: Settings) -> str:
    """Settings as TOML; written by hand because the standard library only reads it.

    A URL with a password is left to its variable, so that the file holds no secret.
    """
    values = msgspec.to_builtins(settings)
    for section, name, variable in _FROM_ENVIRONMENT:
        if urlsplit(values[section][name]).password:
            values[section][name] = f"${variable}"
    lines = ["# Settings of this Troth folder; docs/settings.md explains each one.", ""]
    for section, settled in values.items():
        inner = {name: value for name, value in settled.items() if isinstance(value, dict)}
        tables = {section: {name: value for name, value in settled.items() if name not in inner}}
        tables |= {f"{section}.{name}": value for name, value in inner.items()}
        for table, held in tables.items():
            lines.append(f"[{table}]")
            lines += [f"{name} = {_toml(value)}" for name, value in held.items()]
            lines.append("")
    return "\n".join(lines)


def _toml(value: str | float | list[str] | list[int]) -> str:
    text = msgspec.json.encode(value).decode()
    return text.replace("\x7f", "\\u007f")  # which JSON allows, and TOML does not


def located(folder: Path, place: str) -> str:
    """A place from the settings: a URL as it is, a file name inside the folder as a path."""
    return place if "://" in place else str(folder / place)


def store_places(folder: Path, settings: Settings) -> tuple[str, str]:
    """Where the data database and the key store are: paths or URLs."""
    return located(folder, settings.data.database), located(folder, settings.keys.keystore)
