"""Named rules by which promotional text is found in a bulletin (clause II.16): words of English, German and French; pure.

Every rule looks at every text, whatever its language. Signs that hide a word are taken out first: emphasis inside it, soft
hyphens, signs without width, full-width letters. A rule that finds something stands: it is put right by other words, and
nobody can wave it through.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from troth.bulletins.model import Text

_HIDDEN = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff*_`~\\")


class Rule(NamedTuple):
    """A rule.

    Args:
        name: Its stable name.
        about: What it refuses, and what may be written instead.
        words: What it looks for.
    """

    name: str
    about: str
    words: re.Pattern[str]


class Found(NamedTuple):
    """A place where a rule found something.

    Args:
        rule: Its name.
        about: What it refuses.
        language: Of the text.
        part: subject or body.
        line: Line, from 1.
        column: Column, from 1.
        text: The words found, at most 60 characters.
    """

    rule: str
    about: str
    language: str
    part: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.rule} ({self.language}, {self.part}, line {self.line}, column {self.column}): {self.text!r}. {self.about}"


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{one})" for one in patterns), re.IGNORECASE)


def _words(*patterns: str) -> re.Pattern[str]:
    return _any(*(rf"(?<!\w){one}(?!\w)" for one in patterns))


_MONEY = r"(?:\$|€|£|¥|usd|eur|gbp|chf|euros?|dollars?|pounds?|franken|francs?)"
RULES: tuple[Rule, ...] = (
    Rule(
        "price",
        "A bulletin names no price. Say what happens, and where support answers questions.",
        _any(
            rf"{_MONEY}\s?\d",
            rf"\d[\d.,]*\s?{_MONEY}(?!\w)",
            r"(?<!\w)(?:pric(?:e|es|ing)|preise?s?|preisliste|tarife?|prix|tarifs?)(?!\w)",
        ),
    ),
    Rule(
        "discount",
        "A bulletin offers no discount.",
        _any(
            r"\d+\s?(?:%|percent|prozent|pour\s?cent)\s?(?:off|discount|rabatt|günstiger|billiger|de (?:remise|réduction|rabais))",
            r"(?<!\w)(?:discount(?:s|ed)?|coupons?|vouchers?|promo(?:tion(?:s|al)?)?(?: codes?)?|cash ?back|half price|on sale|clearance sale|save (?:up to )?[$€£]?\d+ ?%?"
            r"|rabatte?s?|rabattcodes?|gutscheine?s?|gutscheincodes?|sonderangebote?n?|preisnachlass|ermäßigt\w*|nachlass|sparen sie|aktionscodes?"
            r"|remises?|rabais|réductions? de|soldes|codes? promo|bons? d[\u2019']achat|prix réduits?|économisez)(?!\w)",
        ),
    ),
    Rule(
        "offer",
        "A bulletin makes no offer. What the person must do, and by when, may stand there.",
        _words(
            r"(?:special|limited|exclusive|introductory|best|great) (?:time )?offers?", r"limited time", r"free (?:trials?|gifts?|months?|upgrades?)",
            r"only today", r"today only", r"don[\u2019']?t miss(?: out)?", r"hurry", r"bonus", r"best deals?", r"great deals?",
            r"(?:exklusive[sn]?|einmalige[sn]?|besondere[sn]?|unschlagbare[sn]?|tolle[sn]?) angebote?", r"nur heute", r"kostenlos(?:e[nrs]?)? (?:testen|testversion|probemonat|upgrade)",
            r"gratis(?:monat|testen)?", r"nicht verpassen", r"zugreifen", r"schnäppchen",
            r"offres? (?:spéciales?|exclusives?|limitées?)", r"essai gratuit", r"mois gratuits?", r"cadeaux?", r"ne (?:manquez|ratez) pas", r"profitez(?: de| d[\u2019'])?", r"bonnes? affaires?",
        ),
    ),
    Rule(
        "order",
        "A bulletin asks nobody to buy or order.",
        _words(
            r"(?:buy|order|shop|purchase|subscribe)(?: \S+){0,3} (?:now|today|online|here)", r"add(?:ed)? to (?:your )?(?:cart|basket)", r"pre-?orders?", r"place (?:an|your) order", r"renew (?:now|today)",
            r"(?:jetzt|gleich|hier|heute)(?: \S+){0,3} (?:kaufen|bestellen|buchen|abonnieren|verlängern|zugreifen)", r"in den warenkorb", r"warenkorb", r"(?:kaufen|bestellen|abonnieren) sie", r"vorbestellen",
            r"(?:achetez|commandez|abonnez-vous|réservez|souscrivez)", r"ajoute[rz] au panier", r"(?:acheter|commander) (?:maintenant|en ligne|ici)", r"précommande[rz]?",
        ),
    ),
    Rule(
        "upgrade-offer",
        'A bulletin offers no other product or edition. An update to a numbered version may be asked for: "update to 5.2.1".',
        _words(
            r"upgrad(?:e|es|ed|ing)(?! to (?:version |release )?v?\d)", r"(?:premium|pro|professional|enterprise|plus|ultimate) (?:edition|version|plan|package)", r"switch to (?:our|the new)", r"trade[- ]?in",
            r"upgraden", r"(?:premium|profi)-?(?:version|paket|edition)", r"(?:wechseln|steigen) sie (?:auf|zu)(?: unser\w*| die neue)", r"neue produktlinie",
            r"passez à (?:la version (?:pro|premium)|notre)", r"(?:offre|version|édition) (?:premium|professionnelle)", r"montez en gamme",
        ),
    ),
    Rule(
        "superlative",
        "A bulletin praises nothing.",
        _words(
            r"award[- ]winning", r"world[- ]class", r"industry[- ]leading", r"market[- ]leading", r"best[- ](?:in[- ]class|selling|ever)", r"(?:the|our) best", r"unbeatable", r"unrivalled", r"unrivaled", r"revolutionary", r"amazing", r"awesome", r"incredible", r"fantastic", r"exciting", r"thrilled", r"number one", r"must[- ]have", r"greatest", r"cutting[- ]edge",
            r"preisgekrönt\w*", r"marktführend\w*", r"weltklasse", r"unschlagbar\w*", r"revolutionär\w*", r"einzigartig\w*", r"fantastisch\w*", r"großartig\w*", r"spannend\w*", r"(?:unser|der|die|das) beste[rsn]?", r"nummer eins", r"sensationell\w*",
            r"(?:le|la|les|notre|nos) meilleure?s?", r"leaders? (?:du|mondial)", r"primé(?:e|s|es)?", r"révolutionnaires?", r"incroyables?", r"fantastiques?", r"exceptionnel(?:le)?s?", r"incontournables?", r"inégalé(?:e|s|es)?", r"numéro un",
        ),
    ),
    Rule(
        "newsletter",
        "A bulletin asks nobody to follow or to subscribe.",
        _words(
            r"newsletters?", r"follow us", r"like us", r"refer a friend", r"webinars?", r"sign up (?:for|to) our",
            r"folgen sie uns", r"empfehlen sie uns", r"weiterempfehlen", r"rundbriefe?",
            r"suivez-nous", r"parrainez", r"infolettres?", r"webinaires?", r"lettre d[\u2019']information",
        ),
    ),
    Rule(
        "shop-link",
        "A link in a bulletin leads to no shop, price or order page.",
        _any(
            r"https?://[^\s>)\"]*?(?:shop|store|boutique)\.[^\s>)\"]*",
            r"https?://[^\s>)\"]*?/(?:shop|store|buy|cart|basket|checkout|order|orders|pricing|prices|plans|upgrade|subscribe|promo|offers?|deals?|sale|kaufen|bestellen|warenkorb|preise|angebote?|boutique|acheter|commander|panier|tarifs?|offres?)(?:[/?#.][^\s>)\"]*|(?=[\s>)\"]|$))",
        ),
    ),
    Rule(
        "tracking-link",
        "A link in a bulletin says nothing of who follows it or which campaign it came from.",
        _any(r"[?&;](?:utm_\w+|utm\w*|gclid|fbclid|msclkid|mc_cid|mc_eid|mtm_\w+|pk_\w+|campaign|cid|aff(?:iliate)?(?:_?id)?)="),
    ),
    Rule(
        "picture",
        "A bulletin shows no picture: it would load from elsewhere, and draw the eye to something else.",
        _any(r"!\[", r"<\s*(?:img|picture|svg|video|iframe)\b", r"data:image/"),
    ),
    Rule("markup", "A bulletin holds no HTML; write Markdown.", _any(r"<\s*/?\s*[a-z][a-z0-9-]*(?:\s[^>]*)?/?>")),
)  # fmt: skip
_RAW = frozenset({"shop-link", "tracking-link", "picture", "markup"})
"""Rules that look at a text as it was written, for signs mean something there."""


def find_promotion(texts: Mapping[str, Text]) -> list[Found]:
    """Every place of a bulletin's texts where a rule finds something, in order."""
    found: list[Found] = []
    for language, text in sorted(texts.items()):
        for part, words in (("subject", text.subject), ("body", text.body)):
            found += sorted(_in_part(language, part, words), key=lambda one: (one.line, one.column, one.rule))
    return found


def rules_broken(found: Iterable[Found]) -> tuple[str, ...]:
    """Names of the rules that found something, sorted."""
    return tuple(sorted({one.rule for one in found}))


def _in_part(language: str, part: str, words: str) -> Iterator[Found]:
    plain, places = _bared(words)
    for rule in RULES:
        raw = rule.name in _RAW
        for match in rule.words.finditer(words if raw else plain):
            at = match.start() if raw else places[match.start()]
            line = words.count("\n", 0, at) + 1
            column = at - (words.rfind("\n", 0, at) + 1) + 1
            shown = " ".join(match[0].split())[:60]
            yield Found(rule.name, rule.about, language, part, line, column, shown)


def _bared(words: str) -> tuple[str, list[int]]:
    """A text without what hides words and with one blank for any gap, and for each sign of it its place in what was written."""
    signs: list[str] = []
    places: list[int] = []
    for at, sign in enumerate(words):
        if sign in _HIDDEN:
            continue
        for plain in unicodedata.normalize("NFKC", sign):
            shown = " " if plain.isspace() else plain
            if shown == " " and signs and signs[-1] == " ":
                continue
            signs.append(shown)
            places.append(at)
    return "".join(signs), places
