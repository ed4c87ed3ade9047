"""Links of a message whose author asks that following them is counted; the same for whoever gets it. Pure."""

import re
from collections.abc import Iterable, Mapping

import msgspec
from markdown_it import MarkdownIt
from markdown_it.token import Token

from troth.kernel import InvalidInput
from troth.outreach.writing import Message

COUNTED = "counted"
_MARKDOWN = MarkdownIt("commonmark", {"html": False})
_WEB = ("https://", "http://")
_END = r"(?=[\s<>()\[\]\"'*]|$)"


def counted_links(bodies: Mapping[str, str]) -> tuple[str, ...]:
    """The web addresses that a message links to, in order over all its languages, each once.

    Args:
        bodies: Markdown by language.
    """
    found = [
        str(token.attrs.get("href", ""))
        for body in bodies.values()
        for token in _tokens(_MARKDOWN.parse(body))
        if token.type == "link_open"
    ]
    return tuple(dict.fromkeys(one for one in found if one.startswith(_WEB)))


def check_counted(name: str, bodies: Mapping[str, str]) -> None:
    """Refuse links that could not be led over an address of ours because they stand in the text otherwise than they read.

    Raises:
        InvalidInput: There is one, or no link at all.
    """
    links = counted_links(bodies)
    text = "\n".join(bodies.values())
    for one in links:
        if re.search(re.escape(one) + _END, text) is None:
            raise InvalidInput(
                f"Message {name} has a link that cannot be counted: {one[:200]}",
                field="link",
                mend="Write the address as it is, percent-encoded, in the place where it is used.",
            )
    if not links:
        raise InvalidInput(
            f"Message {name} has no link to count.",
            field="clicks",
            mend="Leave `clicks` out, or link to a page.",
        )


def led_over(message: Message, place: str) -> Message:
    """The message with each counted link leading to `place`/version/number; unchanged where none is counted.

    Args:
        message: The whole message, with all its languages.
        place: Address of ours, the same for everybody.
    """
    if message.clicks != COUNTED:
        return message
    start = f"{place}/{message.digest}"
    numbers = {one: number for number, one in enumerate(counted_links(message.bodies), 1)}
    longest = sorted(numbers, key=len, reverse=True)
    pattern = re.compile(f"({'|'.join(map(re.escape, longest))}){_END}")
    bodies = {
        language: pattern.sub(lambda one: f"{start}/{numbers[one[1]]}", body)
        for language, body in message.bodies.items()
    }
    return msgspec.structs.replace(message, bodies=bodies)


def _tokens(tokens: Iterable[Token]) -> Iterable[Token]:
    for token in tokens:
        yield token
        yield from _tokens(token.children or ())
