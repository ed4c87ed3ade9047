"""The company's own messages: Markdown with a front matter, and variables that are fields of the policy. Pure.

    ---
    name: spring-news
    purpose: marketing.communications.email
    channel: email
    subject: News about what you asked for
    language: en
    ---
    Hello {name},

    the new sensor is out: <https://www.example.com/sensor>

A variable in braces is the name of a declared field, so that its data category is known. Compiled against the policy, a message
that names what its purpose may not send on its channel is refused, with the clause. A letter and a call are handed to a
company, so theirs is held to what that company may be given, and says in `reason` why somebody gets it.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

import msgspec
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from troth.kernel import InvalidInput
from troth.outreach.phrases import FEET
from troth.policy import Act, Decision, Forbid, Permit, Policy, standard_terms

GREETING = "greeting"
GIVEN = (GREETING, "company", "address", "privacy", "support", "contact_link", "policy_link")
"""Variables that every message may use beside fields."""
CHANNELS = ("email", "letter", "phone")
"""Ways by which the company's own messages go."""
MARKETING = "marketing"
LONGEST = 100_000
_HEAD = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
PLACE = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_IN_ADDRESS = re.compile(r"https?://[^\s<>]*\{[^\s<>]*")
_MARKDOWN = MarkdownIt("commonmark", {"html": True})
_FACTS_OF_A_SEND = frozenset({"purpose.granted", "recipient.declared"})


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The front matter of a message.

    Args:
        name: Lower case, digits and dashes.
        purpose: Data use that it serves.
        channel: email, letter or phone.
        subject: Of the mail, on one line; it may use variables.
        language: That it is written in (BCP 47).
        topic: Declared topic; left out for none.
        clicks: `counted` where following its links is to be counted, for visitors who chose that; left out for not.
        reason: Of a letter or a call: completes "You get this letter because"; it may use variables.
    """

    name: str
    purpose: str
    channel: str
    subject: str
    language: str
    topic: str = ""
    clicks: Literal["", "counted"] = ""
    reason: str = ""


class Sender(NamedTuple):
    """Who sends: the role, the declared recipient that carries it, the day (ISO date), and the act: `send`, or `disclose` to the recipient."""

    role: str
    recipient: str
    day: str
    act: str = "send"


class Written(NamedTuple):
    """One text of a message, as read."""

    head: Head
    body: str


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message that compiled.

    Args:
        name: Its name.
        purpose: Data use that it serves.
        channel: Channel.
        topic: Declared topic; empty for none.
        fields: Names of the fields that it shows.
        subjects: Subject by language, the main language first.
        bodies: Markdown by language.
        clicks: `counted` where following its links is to be counted. Left out of the digest while empty.
        reasons: Of a letter or a call: why somebody gets it, by language. Left out of the digest while empty.
    """

    name: str
    purpose: str
    channel: str
    topic: str
    fields: tuple[str, ...]
    subjects: dict[str, str]
    bodies: dict[str, str]
    clicks: Literal["", "counted"] = ""
    reasons: dict[str, str] = {}

    @property
    def digest(self) -> str:
        """SHA-256 (hexadecimal) of everything in it: the name of this version."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()

    @property
    def texts(self) -> list[Written]:
        """Its texts as they were read."""
        return [
            Written(
                Head(
                    self.name,
                    self.purpose,
                    self.channel,
                    subject,
                    language,
                    self.topic,
                    self.clicks,
                    self.reasons.get(language, ""),
                ),
                self.bodies[language],
            )
            for language, subject in self.subjects.items()
        ]

    def only(self, language: str) -> "Message":
        """The same in one of its languages alone."""
        return msgspec.structs.replace(
            self,
            subjects={language: self.subjects[language]},
            bodies={language: self.bodies[language]},
            reasons={one: said for one, said in self.reasons.items() if one == language},
        )

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that it is written in, the main one first."""
        return tuple(self.bodies)


def read_message(text: str, source: str = "the file") -> Written:
    """Read one text of a message.

    Raises:
        InvalidInput: It has no head, or the head names what it does not know; names the key.
    """
    found = _HEAD.match(text.replace("\r\n", "\n"))
    if found is None or not found[2].strip() or len(text) > LONGEST:
        raise InvalidInput(
            f"{source} is no message.",
            field="front matter",
            mend="Begin with `---`, then name, purpose, channel, subject and language, then `---`, then the text in Markdown.",
        )
    try:
        head = msgspec.convert(yaml.safe_load(found[1]), Head)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        said = str(error).splitlines()[0] if isinstance(error, msgspec.ValidationError) else "no YAML"
        raise InvalidInput(
            f"The front matter of {source} cannot be read: {said}.",
            field="front matter",
            mend="Give name, purpose, channel, subject and language, each a text; topic and reason may be left out.",
        ) from None
    if not _NAME.fullmatch(head.name):
        raise InvalidInput(
            f"{source} has no fitting name.", field="name", mend="Use lower-case letters, digits and dashes."
        )
    if not head.subject.strip() or not head.subject.isprintable():
        raise InvalidInput(f"{source} has no subject on one line.", field="subject", mend="Write one.")
    if head.language not in FEET:
        raise InvalidInput(
            f"{source} is in a language that mail is not sent in.",
            field="language",
            mend=f"Use one of {', '.join(FEET)}.",
        )
    return Written(head, found[2].strip() + "\n")


def compile_message(texts: Sequence[Written], policy: Policy, by: Sender) -> Message:
    """Compile the texts of a message against a policy.

    Args:
        texts: One for each language, the main one first.
        policy: The version to hold it to.
        by: Who sends it.

    Raises:
        InvalidInput: It names what its purpose may not send on its channel, an unknown variable, or holds what no message may;
            names the variable, the clause and the mend.
    """
    main = texts[0].head
    _check_alike(texts)
    _check_declared(main, policy)
    fields = _fields_named(texts, policy)
    for name in fields:
        _check_variable(name, main, policy, by)
    return Message(
        name=main.name,
        purpose=main.purpose,
        channel=main.channel,
        topic=main.topic,
        fields=tuple(fields),
        subjects={one.head.language: one.head.subject for one in texts},
        bodies={one.head.language: one.body for one in texts},
        clicks=main.clicks,
        reasons={one.head.language: one.head.reason for one in texts if one.head.reason},
    )


def _check_declared(main: Head, policy: Policy) -> None:
    """Refuse a channel that no message goes by, and a purpose or a topic that the policy does not know."""
    if main.channel not in CHANNELS:
        raise InvalidInput(
            f"No message goes by {main.channel[:64]!r}.",
            field="channel",
            mend=f"Use one of {', '.join(CHANNELS)}.",
        )
    if main.purpose not in standard_terms()["data_uses"].keys | set(policy.front.terms.data_uses):
        raise InvalidInput(
            f"{main.purpose[:64]!r} is no data use that the policy knows.",
            field="purpose",
            mend="Name a data use of the vocabulary.",
        )
    if main.topic and main.topic not in policy.topics:
        raise InvalidInput(
            f"{main.topic[:64]!r} is no topic that the policy declares.",
            field="topic",
            mend=f"Use one of {', '.join(policy.topics) or '(none)'}, or leave it out.",
        )


def _fields_named(texts: Sequence[Written], policy: Policy) -> dict[str, None]:
    """The fields that the texts name, in the order in which they come; a greeting names those that it is made of."""
    fields: dict[str, None] = {}
    for text in texts:
        _check_markdown(text, policy)
        for name in PLACE.findall(text.head.subject + text.head.reason + text.body):
            if name not in GIVEN:
                fields[name] = None
            elif name == GREETING:
                fields.update(dict.fromkeys(named_by(policy)))
    return fields


def may_show(category: str, head: Head | Message, policy: Policy, by: Sender) -> Decision:
    """Whether a data category may be sent for a purpose on a channel, to somebody who said all that it takes."""
    facts = _FACTS_OF_A_SEND | _favourable(policy, head.purpose, by.act)
    return policy.decide(
        Act(
            by.act,
            by.role,
            head.purpose,
            (category,),
            by.recipient,
            head.channel,
            tuple(sorted(facts)),
            by.day,
        )
    )


def _favourable(policy: Policy, purpose: str, act: str) -> frozenset[str]:
    """What permits of such acts ask for, and what keeps forbids away: whoever it is sent to is taken to have said so."""
    wanted: set[str] = set()
    for rule in policy.rules.values():
        if not isinstance(rule, Permit | Forbid) or act not in rule.acts:
            continue
        if not any(one in ("*", purpose) or purpose.startswith(f"{one}.") for one in rule.purposes):
            continue
        wanted.update(rule.when if isinstance(rule, Permit) else rule.unless)
    against = {fact for rule in policy.rules.values() if isinstance(rule, Forbid) for fact in rule.when}
    return frozenset(wanted - against)


def named_by(policy: Policy) -> list[str]:
    """The field by which people are greeted, where the policy declares one."""
    return [name for name, field in policy.fields.items() if field.type == "name"][:1]


def _check_alike(texts: Sequence[Written]) -> None:
    main = texts[0].head
    languages = [one.head.language for one in texts]
    for one in texts:
        for key in ("name", "purpose", "channel", "topic", "clicks"):
            if getattr(one.head, key) != getattr(main, key):
                raise InvalidInput(
                    f"The texts of message {main.name} differ in {key}.",
                    field=key,
                    mend="Languages of one message say the same.",
                )
    if len(set(languages)) != len(languages):
        raise InvalidInput(
            f"Message {main.name} has two texts in one language.", field="language", mend="Leave one out."
        )


def _check_variable(name: str, head: Head, policy: Policy, by: Sender) -> None:
    field = policy.fields.get(name)
    if field is None:
        raise InvalidInput(
            f"Message {head.name} uses {{{name}}}, which the policy declares nowhere.",
            field=name,
            mend=f"Use a declared field, or one of {', '.join(GIVEN)}.",
        )
    decision = may_show(field.category, head, policy, by)
    if not decision.permitted:
        raise InvalidInput(
            f"Message {head.name} uses {{{name}}}, and {field.category} may not be sent for {head.purpose} by {head.channel}.",
            clause=decision.clauses[0] if decision.clauses else "",
            field=name,
            mend="Leave the variable out, or have the policy permit it; `troth policy explain` shows every clause that was weighed.",
        )


def _check_markdown(text: Written, policy: Policy) -> None:
    """Refuse HTML, and addresses that would tell who opened or followed them."""
    own = urlsplit(policy.front.contact.page).hostname
    for address in _IN_ADDRESS.findall(text.body):
        _check_link(address, text.head)
    for token in _tokens(_MARKDOWN.parse(text.body)):
        if token.type in ("html_block", "html_inline"):
            raise InvalidInput(
                f"Message {text.head.name} holds HTML.",
                field="html",
                mend="Write Markdown; HTML is made of it.",
            )
        if token.type == "image":
            _check_image(str(token.attrs.get("src", "")), own, text.head)
        elif token.type == "link_open":
            _check_link(str(token.attrs.get("href", "")), text.head)


def _check_image(address: str, own: str | None, head: Head) -> None:
    parts = urlsplit(address)
    if parts.scheme != "https" or parts.hostname != own or parts.query or "{" in address or "%7B" in address:
        raise InvalidInput(
            f"Message {head.name} shows an image that another server would send, or that tells who looked.",
            field="image",
            mend=f"Show images from https://{own} only, without a query and without variables; or none.",
        )


def _check_link(address: str, head: Head) -> None:
    if urlsplit(address).scheme not in ("https", "http", "mailto"):
        raise InvalidInput(
            f"Message {head.name} links to what is no address.", field="link", mend="Use https or mailto."
        )
    if "{" in address or "%7B" in address:
        raise InvalidInput(
            f"Message {head.name} has a variable inside a link; it would tell the other server who followed it.",
            field="link",
            mend="Link to the same address for everybody.",
        )


def _tokens(tokens: Iterable[Token]) -> Iterable[Token]:
    for token in tokens:
        yield token
        yield from _tokens(token.children or ())


def read_messages(files: Mapping[str, str]) -> list[list[Written]]:
    """Read files (text by name) and gather the languages of each message; a name without a language comes first.

    Raises:
        InvalidInput: A file is no message.
    """
    found: dict[str, list[Written]] = {}
    for source, text in sorted(files.items(), key=lambda one: (one[0].count("."), one[0])):
        read = read_message(text, source)
        found.setdefault(read.head.name, []).append(read)
    return list(found.values())
