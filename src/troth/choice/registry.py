"""What the policy declares about browsers, as visitors are told it: switches, and the list of technologies. Pure."""

from functools import lru_cache
from typing import NamedTuple

from troth.choice.guarding import longest_life
from troth.choice.model import Choice, cookie_for, offered_purposes
from troth.policy import Cookie, Notice, OfferedChoice, Pixel, Policy, Storage

_WHERE = {
    "local-storage": "Local storage",
    "session-storage": "Session storage",
    "indexed-db": "Database in the browser",
    "cache": "Cache",
    "etag": "Cache mark",
    "service-worker": "Service worker",
}


class Switch(NamedTuple):
    """One purpose that a visitor switches on or off.

    Args:
        purpose: The data use.
        title: What people call it.
        about: What happens when it is on.
        on: Whether the visitor switched it on.
        allowed: Whether it is allowed, the browser's signal considered.
        knowingly: Whether it was switched on although the browser says no.
    """

    purpose: str
    title: str
    about: str
    on: bool
    allowed: bool
    knowingly: bool


class Technology(NamedTuple):
    """A cookie, pixel or entry of the browser's storage, as it is listed.

    Args:
        kind: Cookie, Pixel, Local storage...
        name: Its name in the browser; for a pixel its path.
        title: Its use.
        purposes: Titles of the purposes that it serves.
        lifetime: How long it lasts, in words.
        essential: Whether it is there without a choice.
        allowed: Whether it may be there now.
    """

    kind: str
    name: str
    title: str
    purposes: tuple[str, ...]
    lifetime: str
    essential: bool
    allowed: bool


def switches(policy: Policy, choice: Choice) -> tuple[Switch, ...]:
    """A switch for each purpose that visitors choose about."""
    return tuple(
        Switch(
            purpose,
            *_words(policy)[purpose],
            on=purpose in choice.allowed,
            allowed=choice.allows(purpose),
            knowingly=purpose in choice.knowingly,
        )
        for purpose in offered_purposes(policy)
    )


def technologies(policy: Policy, choice: Choice, *, https: bool = False) -> tuple[Technology, ...]:
    """Everything that the sites may leave in a browser or load to learn of a visit, in the order of the policy.

    Args:
        policy: The policy in force.
        choice: What the visitor chose.
        https: Whether visitors see the site over https, where a cookie may have a prefix.
    """
    found = []
    declared: tuple[Cookie | Storage | Pixel, ...]
    declared = (*policy.of(Cookie), *policy.of(Storage), *policy.of(Pixel))
    for thing in declared:
        essential = not isinstance(thing, Pixel) and thing.essential
        found.append(
            Technology(
                kind=_kind(thing),
                name=_name(thing, https=https),
                title=thing.title or thing.about,
                purposes=tuple(_title(policy, purpose) for purpose in thing.purposes),
                lifetime="" if isinstance(thing, Pixel) else _lifetime(thing.lifetime),
                essential=essential,
                allowed=essential or any(map(choice.allows, thing.purposes)),
            )
        )
    return tuple(found)


def _name(thing: Cookie | Storage | Pixel, *, https: bool) -> str:
    if isinstance(thing, Pixel):
        return thing.path
    return thing.name_over(https=https) if isinstance(thing, Cookie) else thing.wire_name


def refused_cookies(policy: Policy, choice: Choice) -> tuple[Cookie, ...]:
    """The cookies that may not be in the browser under this choice, to be taken back."""
    return tuple(
        cookie
        for cookie in policy.of(Cookie)
        if not cookie.essential and not any(map(choice.allows, cookie.purposes))
    )


def remembering(policy: Policy) -> Cookie | None:
    """The cookie that remembers the choice; None where the policy declares none."""
    return cookie_for(policy, "choice")


def remembered_seconds(policy: Policy) -> int:
    """Seconds for which a choice is remembered; 0 for the browser's session."""
    cookie = remembering(policy)
    life = longest_life(cookie.lifetime) if cookie else None
    return int(life.total_seconds()) if life else 0


def choice_storage(policy: Policy) -> str:
    """The key in the browser's local storage that copies the choice; empty where the policy declares none."""
    copies = (
        one.wire_name
        for one in policy.of(Storage)
        if one.remembers == "choice" and one.where == "local-storage"
    )
    return next(copies, "")


def notice_html(policy: Policy, notice: Notice) -> str | None:
    """The prose of a notice that has no text of its own: that of its clause, as safe HTML."""
    return None if notice.text else policy.clause(notice.clause).html


@lru_cache(maxsize=16)
def _words(policy: Policy) -> dict[str, tuple[str, str]]:
    """Title and explanation of each purpose that is offered."""
    declared = {purpose: one for one in policy.of(OfferedChoice) for purpose in one.purposes}
    own = policy.front.terms.data_uses
    found = {}
    for purpose in offered_purposes(policy):
        one = declared.get(purpose)
        title = one.title if one and one.title else _last(purpose)
        found[purpose] = (title, one.about if one and one.about else own.get(purpose, ""))
    return found


def _title(policy: Policy, purpose: str) -> str:
    words = _words(policy).get(purpose)
    return words[0] if words else policy.front.terms.data_uses.get(purpose, _last(purpose)).rstrip(".")


def _last(purpose: str) -> str:
    """What a purpose is called that nobody described: the last part of its key, in words."""
    return purpose.rpartition(".")[2].replace("_", " ").capitalize()


def _kind(thing: Cookie | Storage | Pixel) -> str:
    if isinstance(thing, Storage):
        return _WHERE[thing.where]
    return thing.kind.capitalize()


def _lifetime(declared: str) -> str:
    return "until the browser is closed" if declared == "session" else declared
