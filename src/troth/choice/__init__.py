"""Choice: what a visitor chose, what may therefore be left in a browser, and what is shown when somebody leaves."""

from troth.choice.exits import ExitKey, Exits, ForgedLink, external_links
from troth.choice.guarding import Guarded, declared_cookies, guard_cookie, longest_life
from troth.choice.looking import Fetched, Link, Look, links, look
from troth.choice.model import (
    Choice,
    choice_cookie,
    choice_value,
    cookie_values,
    offered_purposes,
    read_choice,
)
from troth.choice.registry import (
    Switch,
    Technology,
    choice_storage,
    notice_html,
    refused_cookies,
    remembered_seconds,
    remembering,
    switches,
    technologies,
)
from troth.choice.service import Chosen, choose
from troth.choice.showing import ShownNotices
from troth.choice.targets import Target, own_host, target_of

__all__ = [
    "Choice",
    "Chosen",
    "ExitKey",
    "Exits",
    "Fetched",
    "ForgedLink",
    "Guarded",
    "Link",
    "Look",
    "ShownNotices",
    "Switch",
    "Target",
    "Technology",
    "choice_cookie",
    "choice_storage",
    "choice_value",
    "choose",
    "cookie_values",
    "declared_cookies",
    "external_links",
    "guard_cookie",
    "links",
    "longest_life",
    "look",
    "notice_html",
    "offered_purposes",
    "own_host",
    "read_choice",
    "refused_cookies",
    "remembered_seconds",
    "remembering",
    "switches",
    "target_of",
    "technologies",
]
