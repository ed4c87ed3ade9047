"""Templates: every value is shown as it is and steers nothing, in the plain text, in the HTML and in the subject."""

import re
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from troth.bootstrap import MESSAGES
from troth.flows import LANGUAGES
from troth.kernel import InvalidInput, NotFound
from troth.outreach import Composer, Template
from troth.outreach.phrases import FEET, GREETINGS

CASE_NEWS = Template("case-news", "essential.service.notifications.email", variables=("case",))
GIVEN = {
    "company": "Example Security, Inc.",
    "address": "100 Example Way",
    "privacy": "privacy@example.com",
    "support": "support@example.com",
    "contact_link": "https://www.example.com/contact",
    "policy_link": "https://www.example.com/policy#II.20",
    "greeting": "Hello,",
    "clause": "II.20",
    "case": "0199",
}


class Shown(HTMLParser):
    """The text of a page, and its elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.elements, self.links = "", [], []  # type: ignore[var-annotated]
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data


@pytest.fixture(scope="module")
def composer() -> Composer:
    """A composer with the template of the tests."""
    return Composer([CASE_NEWS])


@given(value=st.text(min_size=1, max_size=200))
def test_a_value_is_only_text(composer: Composer, value: str) -> None:
    """Whatever stands in a value, the HTML has the same elements and links as with a plain one, and shows the value."""
    wanted = " ".join("".join(one if one.isprintable() else " " for one in value).split())
    assume(wanted)
    plain = Shown(composer.compose("case-news", GIVEN).html)
    composed = composer.compose("case-news", {**GIVEN, "case": value, "greeting": value, "company": value})
    shown = Shown(composed.html)
    assert shown.elements == plain.elements
    assert shown.links == plain.links
    assert " ".join(f"News about your case {wanted}".split()) == composed.subject
    assert wanted in composed.text
    assert " ".join(wanted.split()) in " ".join(shown.text.split())


@given(value=st.text(max_size=60) | st.text(max_size=60).map("https://a.example/{}".format))
def test_a_link_is_a_link_or_refused(composer: Composer, value: str) -> None:
    """A variable for a link takes web addresses only."""
    filled = {**GIVEN, "contact_link": value}
    if not re.fullmatch(r"https?://[^\s<>\"'\\]+", value):
        with pytest.raises(InvalidInput):
            composer.compose("case-news", filled)
        return
    composed = composer.compose("case-news", filled)
    assert f"<{value}>" in composed.text


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "https://a.example/>x",
        "https://a.example/ b",
        "https://a.example/\n\nb",
        "data:,x",
    ],
)
def test_what_only_looks_like_a_link_is_refused(composer: Composer, link: str) -> None:
    """Another scheme, a blank, a line end or a bracket makes no link."""
    with pytest.raises(InvalidInput):
        composer.compose("case-news", {**GIVEN, "contact_link": link})


def test_a_missing_variable_is_named(composer: Composer) -> None:
    """A mail with a hole in it is not made."""
    with pytest.raises(InvalidInput) as caught:
        composer.compose("case-news", {name: value for name, value in GIVEN.items() if name != "case"})
    assert caught.value.field == "case"


def test_a_template_may_use_only_what_it_is_given() -> None:
    """A text that names a variable which its template does not declare is refused when it is registered."""
    with pytest.raises(InvalidInput) as caught:
        Composer([CASE_NEWS._replace(variables=())])
    assert caught.value.field == "case"


def test_an_unknown_template_is_named(composer: Composer) -> None:
    """The message lists those there are."""
    with pytest.raises(NotFound) as caught:
        composer.template("no-such")
    assert "case-news" in caught.value.mend


def test_every_text_has_its_template() -> None:
    """No text lies in the folder that nothing registers, and what an act may name is there."""
    texts = {one.name.removesuffix(".md") for one in files("troth.outreach").joinpath("mails").iterdir()}
    assert texts >= set(MESSAGES)


def _translated() -> list[tuple[str, str]]:
    names = [one.name.removesuffix(".md") for one in files("troth.outreach").joinpath("mails").iterdir()]
    return sorted((name.partition(".")[0], name.partition(".")[2]) for name in names if "." in name)


@pytest.mark.parametrize(("name", "language"), _translated())
def test_every_language_of_a_mail_has_the_same_variables(name: str, language: str) -> None:
    """No text in another language says less, or asks for what nothing gives."""
    folder = files("troth.outreach").joinpath("mails")
    places = [
        sorted(set(re.findall(r"\{[a-z_]+\}", folder.joinpath(file).read_text(encoding="utf-8"))))
        for file in (f"{name}.md", f"{name}.{language}.md")
    ]
    assert places[0] == places[1]


def test_mails_to_people_are_there_in_every_language() -> None:
    """All of them, so that nobody is answered in two languages; what stands around each mail, too."""
    spoken = set(LANGUAGES) - {"en"}
    sources = (
        one.name for one in files("troth.outreach").joinpath("mails").iterdir() if one.name.count(".") == 1
    )
    names = {one.removesuffix(".md") for one in sources if not one.startswith("staff-")}
    assert set(_translated()) == {(name, one) for name in names for one in spoken}
    assert set(FEET) == set(GREETINGS) == set(LANGUAGES)
    places = {one: sorted(re.findall(r"\{[a-z_]+\}", text)) for one, text in FEET.items()}
    assert set(map(tuple, places.values())) == {tuple(places["en"])}
