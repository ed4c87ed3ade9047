"""Before an account is closed, or an erasure asked for, the page says what a law makes the company keep, item by item."""

import re

import pytest

from tests.web.conftest import Web
from tests.web.forum import Author
from troth.policy import Hold, staying


@pytest.mark.parametrize("path", ["/account/close", "/my/ask?kind=erase"])
def test_the_page_says_what_stays(web: Web, path: str) -> None:
    """Each hold of the policy with what it keeps, how long, under which law and clause; in the person's language."""
    ann, policy = Author(web), web.troth.policy()
    shown = ann.get(path).text
    holds = policy.of(Hold)
    assert holds
    for hold in holds:
        for text in (hold.title, hold.keep, hold.law, f"/policy#{hold.clause}"):
            assert text in shown
    (books,) = staying(policy)
    titles = [policy.fields[name].title for name in ("name", "billing_address", "order_lines")]
    assert set(titles) <= set(books.fields)
    assert policy.fields["email"].title not in books.fields
    assert not re.search(r"[Ee]verything that we hold", shown)
