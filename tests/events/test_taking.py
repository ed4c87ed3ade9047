"""Events come in only after the choice, are cleaned, decided once a batch, and are on disk when the answer goes out."""

import json

from tests.events.conftest import BROWSER, USAGE, Counting
from troth.ledger import decode_entry
from troth.ledger.tables import ledger_entry
from troth.storage import Statement


def entries(counting: Counting) -> list[dict[str, object]]:
    """The ledger's entries about collecting."""
    from sqlalchemy import select

    counting.web.troth.flush_ledger()
    with counting.web.troth.database.snapshot() as tx:
        bodies = [row[0] for row in tx.rows(Statement(select(ledger_entry.c.body)))]
    found = [decode_entry(bytes(body)) for body in bodies]
    return [
        json.loads(
            json.dumps(
                {
                    "effect": one.effect,
                    "clauses": list(one.clauses),
                    "fields": list(one.fields),
                    "person": one.person,
                    "count": one.detail.get("count"),
                }
            )
        )
        for one in found
        if one.act == "collect"
    ]


def test_an_allowed_page_view_is_kept_clean(engine_counting: Counting) -> None:
    """A page view after the choice is on disk without query, network address or cookie, and is in the ledger."""
    answer = engine_counting.view(
        "/pricing?email=ann@example.com&utm_source=news#top", r="https://search.example/find?q=secret"
    )
    assert answer.status_code == 202, answer.text
    assert answer.text == "ok"
    (row,) = engine_counting.rows()
    assert row.page == "www.example.com/pricing?utm_source=news"
    assert row.referrer == "search.example/find"
    assert (row.site, row.name, row.device, row.robot, row.source) == (
        "www",
        "pageview",
        "desktop",
        0,
        "plausible",
    )
    assert row.identity == "cookie"
    assert len(row.visitor) == 32
    (entry,) = entries(engine_counting)
    assert entry["effect"] == "permit"
    assert entry["count"] == "1"
    assert "I.15" in entry["clauses"]  # type: ignore[operator]


def test_without_a_choice_nothing_is_kept(counting: Counting) -> None:
    """Without a choice the client gets the same answer, nothing is stored, no cookie is set, and the denial is recorded."""
    answer = counting.view(headers={"User-Agent": BROWSER})
    assert answer.status_code == 202
    assert "set-cookie" not in answer.headers
    assert counting.rows() == []
    (entry,) = entries(counting)
    assert entry["effect"] == "deny"


def test_a_signal_is_stronger_than_an_earlier_yes_unless_known(counting: Counting) -> None:
    """Global Privacy Control and Do Not Track deny what was allowed, except what was allowed knowingly against them."""
    for signal in ("Sec-GPC", "DNT"):
        assert counting.view(headers={**counting.choice(USAGE), signal: "1"}).status_code == 202
    assert counting.rows() == []
    counting.view(headers={**counting.choice(USAGE, knowingly=(USAGE,)), "Sec-GPC": "1"})
    assert len(counting.rows()) == 1


def test_the_cookie_comes_with_the_first_event_and_is_kept_only_as_a_digest(counting: Counting) -> None:
    """A first event leaves the declared cookie, random and expiring; its value stands nowhere."""
    answer = counting.view()
    cookie = answer.headers["set-cookie"]
    name, _, value = cookie.partition(";")[0].partition("=")
    assert name == "visit"
    assert "Max-Age=2592000" in cookie
    assert "HttpOnly" in cookie
    headers = counting.choice(USAGE)
    headers["Cookie"] += f"; visit={value}"
    again = counting.view("/two", headers)
    assert "set-cookie" not in again.headers
    first, second = counting.rows()
    assert first.visitor == second.visitor
    assert value not in first.visitor


def test_many_alike_are_one_entry(counting: Counting) -> None:
    """Events of one request that are alike in all that decides are one ledger entry with their number."""
    events = [
        {"n": "pageview", "u": f"https://www.example.com/{n}", "d": "www.example.com"} for n in range(100)
    ]
    answer = counting.client.post("/api/event", json=events, headers=counting.choice(USAGE))
    assert answer.status_code == 202
    assert len(counting.rows()) == 100
    (entry,) = entries(counting)
    assert entry["count"] == "100"


def test_a_repeat_counts_once(engine_counting: Counting) -> None:
    """An event with an id that was seen before is answered like the first and kept once."""
    for _ in range(3):
        assert engine_counting.view(id="a-1").status_code == 202
    engine_counting.view(id="a-2")
    assert len(engine_counting.rows()) == 2


def test_what_names_somebody_is_refused(counting: Counting) -> None:
    """Properties and names that look like an address, a number or a card are refused, and nothing of them is kept."""
    for value in ("ann@example.com", "+1 650 555 0100", "4111 1111 1111 1111", "ann%40example.com"):
        answer = counting.view(p={"note": value})
        assert answer.status_code == 422, value
        assert answer.json()["field"] == "props"
    assert counting.view(n="hello ann@example.com").status_code == 422
    assert counting.rows() == []


def test_unknown_sites_and_foreign_pages_are_refused(counting: Counting) -> None:
    """An event of an undeclared site, or of a page outside the site, is refused with 400."""
    assert counting.view(d="other.example").status_code == 400
    assert counting.view(u="https://other.example/").status_code == 400
    assert counting.client.post("/api/event", content=b"{", headers=counting.choice(USAGE)).status_code == 400
    assert counting.rows() == []


def test_the_pixel_obeys_the_choice(counting: Counting) -> None:
    """The picture is served always; a view is kept only after the choice."""
    query = "/p.gif?d=www.example.com&u=https://www.example.com/mail"
    before = counting.client.get(query, headers={"User-Agent": BROWSER})
    assert (before.status_code, before.headers["content-type"], len(before.content)) == (200, "image/gif", 43)
    assert before.headers["cache-control"] == "no-store"
    assert counting.rows() == []
    (denied,) = entries(counting)
    assert denied["effect"] == "deny"
    assert "I.16" in denied["clauses"]  # type: ignore[operator]
    assert counting.client.get(query, headers=counting.choice(USAGE)).content == before.content
    assert [row.page for row in counting.rows()] == ["www.example.com/mail"]
