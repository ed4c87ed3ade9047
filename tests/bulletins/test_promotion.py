"""Promotional text is found by named rules, at its place, in three languages; plain notices pass."""

import pytest

from troth.bulletins import RULES, Text, find_promotion

CASES = {
    "price": ["only $99", "für 12,50 Euro", "au prix de revient"],
    "discount": ["20 % off", "with this coupon", "Rabatt", "code promo"],
    "offer": ["free trial", "kostenlos testen", "Profitez de cette mise à jour"],
    "order": ["Buy\nnow", "buy 5.2.1 now", "Jetzt bestellen", "Commandez"],
    "upgrade-offer": ["upgrade to Pro", "upgraden", "offre premium"],
    "superlative": ["our best sensor", "award-winning", "preisgekrönte Technik", "révolutionnaire"],
    "newsletter": ["our newsletter", "Folgen Sie uns", "suivez-nous"],
    "shop-link": [
        "<https://www.example.com/shop/x>",
        "[here](https://shop.example.com)",
        "https://www.example.com/pricing",
    ],
    "tracking-link": ["https://www.example.com/a?utm_source=b", "https://www.example.com/a?x=1&gclid=2"],
    "picture": ["![a](https://www.example.com/b.png)", "<img src=x>"],
    "markup": ["<b>bold</b>"],
}
HIDDEN = ["B**uy** now", "b\u00aduy now", "b\u200buy now", "\uff22\uff35\uff39 now"]
PLAIN = {
    "en": "{greeting}\n\na fault lets others read settings. Upgrade to version 5.2.1 or update by 30 April; it is best to switch the "
    "device off until then. We replace it free of charge. The order number stands on the invoice. <https://www.example.com/support/5.2.1?lang=en>",
    "de": "{greeting}\n\nbitte aktualisieren Sie auf 5.2.1. Am besten schalten Sie das Gerät ab. Wir ersetzen es kostenlos.",
    "fr": "{greeting}\n\nmerci d'installer la version 5.2.1. Le mieux est de débrancher l'appareil. Nous le remplaçons gratuitement.",
}


def test_every_rule_has_a_case() -> None:
    """No rule stands that nothing tries."""
    assert set(CASES) == {one.name for one in RULES}


@pytest.mark.parametrize(("rule", "words"), [(rule, one) for rule, found in CASES.items() for one in found])
def test_a_rule_finds_what_it_is_for(rule: str, words: str) -> None:
    """In whatever language the text claims to be, in subject and body, at the line where it stands."""
    texts = {"de": Text("Hinweis", f"Eins\n\nzwei {words}\n")}
    found = [one for one in find_promotion(texts) if one.rule == rule]
    assert found
    assert (found[0].part, found[0].line, found[0].language) == ("body", 3, "de")
    if "\n" not in words:
        assert rule in {one.rule for one in find_promotion({"en": Text(words, "Plain.")})}


@pytest.mark.parametrize("words", HIDDEN)
def test_hidden_words_are_found(words: str) -> None:
    """Emphasis, soft hyphens, signs without width and full-width letters hide nothing."""
    (found,) = find_promotion({"en": Text("Notice", f"Please {words}.")})
    assert (found.rule, found.column) == ("order", 8)


def test_plain_notices_pass() -> None:
    """What a notice must say is not taken for promotion."""
    assert find_promotion({name: Text("Fault in {product}", body) for name, body in PLAIN.items()}) == []
