"""What a mail asks for, by its words; what is doubtful is nobody's guess."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.rights import KINDS, Reading, read_asking


@pytest.mark.parametrize(
    ("subject", "text", "kind"),
    [
        ("Subject access request", "Please answer.", "access"),
        ("My data", "Please send me a copy of my data.", "access"),
        ("Hello", "What information do you hold about me?", "access"),
        ("Auskunft nach Art. 15 DSGVO", "Bitte.", "access"),
        ("Data portability", "I want access to my data in a machine-readable form.", "portability"),
        ("Please", "delete everything you have on me", "erase"),
        ("Löschung", "Bitte löschen Sie meine Daten.", "erase"),
        ("", "Veuillez effacer mes données.", "erase"),
        ("Wrong address", "My street is wrong, please correct my address.", "correct"),
        ("unsubscribe", "", "object"),
        ("Widerspruch", "", "object"),
        ("Re: AW: Opt out", "delete this", "object"),  # the published subject decides
        ("Question", "Please delete my account and send me a copy of my data first.", "other"),
        ("Question", "How long are your office hours?", "other"),
        ("Question", "> please delete my data\nWhat did you mean?", "other"),
    ],
)
def test_words_of_several_languages_are_understood(subject: str, text: str, kind: str) -> None:
    """Exactly one kind, or it is left to a person."""
    assert read_asking(subject, text, "Opt out") == Reading("request", kind)


def test_a_complaint_is_a_dispute() -> None:
    """Whoever complains opens a dispute, not a request."""
    assert read_asking("Complaint", "You did not delete my data.") == Reading("dispute", "")


@given(st.text(max_size=300), st.text(max_size=2000), st.text(max_size=30))
def test_any_text_is_read_as_something(subject: str, text: str, optout: str) -> None:
    """Whatever stands there, it is a dispute or a request of a known kind; and the same again."""
    found = read_asking(subject, text, optout)
    assert found.matter in ("request", "dispute")
    assert found.kind in (*KINDS, "")
    assert read_asking(subject, text, optout) == found
