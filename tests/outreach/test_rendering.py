"""Messages filled in from pieces that were rendered once are what rendering and filling in each copy by itself gives."""

import re
from collections.abc import Mapping
from html import escape

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from troth.outreach.composing import PAGE, Composed, plain
from troth.outreach.phrases import stopping_foot
from troth.outreach.rendering import compose
from troth.outreach.writing import Message

NAMES = ("company", "address", "greeting", "name", "page_link", "reason", "clause", "policy_link")
LINKS = ("unsubscribe_link", "preferences_link")
WORDS = st.text("aZ ä<&>\"'*_`[](){}\\\n#-.7qz", max_size=12)
BODIES = st.lists(st.one_of(WORDS, st.sampled_from([f"{{{name}}}" for name in NAMES])), max_size=12).map(
    "".join
)
VALUES = st.fixed_dictionaries(
    {
        name: st.from_regex(r"https://www\.example\.com/[a-z&0-9]{0,9}", fullmatch=True)
        if name.endswith("link")
        else WORDS
        for name in NAMES
    }
)

GIVEN = {name: "https://www.example.com/" for name in NAMES if name.endswith("link")}


def one_by_one(subject: str, body: str, values: Mapping[str, str]) -> Composed:
    """A copy, rendered for itself alone: marks are put in, Markdown is made HTML, and the marks are replaced."""
    text = body + stopping_foot("en", stoppable="unsubscribe_link" in values)
    place = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
    marked = place.sub(
        lambda found: ("https://" if found[1].endswith("link") else "") + f"zq7{found[1]}7qz", text
    )
    page = PAGE.format(
        language="en",
        title="zq7subject7qz",
        body=MarkdownIt("commonmark", {"html": False}).render(marked),
    ).replace("https://zq7", "zq7")
    shown = {name: plain(name, value) for name, value in values.items()}
    line = " ".join(place.sub(lambda found: shown.get(found[1], ""), subject).split())
    return Composed(
        line,
        re.sub(r"\n{3,}", "\n\n", place.sub(lambda found: shown.get(found[1], ""), text)).lstrip(),
        re.sub(
            r"zq7([a-z_][a-z0-9_]*?)7qz",
            lambda found: escape({**shown, "subject": line}.get(found[1], "")),
            page,
        ),
    )


@given(
    subject=BODIES, body=BODIES, values=VALUES, alike=st.sets(st.sampled_from(NAMES)), stoppable=st.booleans()
)
@example(
    subject="{name} {clause}", body="a\n\n{name}\n\n{page_link}", values=dict.fromkeys(NAMES, "") | GIVEN,
    alike={"clause"}, stoppable=True,
)  # fmt: skip
def test_pieces_are_what_whole_copies_are(
    subject: str, body: str, values: dict[str, str], alike: set[str], *, stoppable: bool
) -> None:
    """Whatever the text and the values hold, and whichever values all copies have in common."""
    message = Message("m", "marketing", "email", "", (), {"en": subject}, {"en": body})
    if stoppable:
        values |= dict.fromkeys(LINKS, f"https://www.example.com/{'x' * 300}")
    constant = {name: value for name, value in values.items() if name in alike}
    own = {name: value for name, value in values.items() if name not in alike}
    assert compose(message, "en", own, constant) == one_by_one(subject, body, values)
