"""Choice: what a visitor chose, what may therefore be left in a browser, and what is shown when somebody leaves."""

from troth.choice.guarding import Guarded, declared_cookies, guard_cookie, longest_life
from troth.choice.model import Choice, choice_cookie, choice_value, offered_purposes, read_choice
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

__all__ = [
    "Choice",
    "Chosen",
    "Guarded",
    "ShownNotices",
    "Switch",
    "Technology",
    "choice_cookie",
    "choice_storage",
    "choice_value",
    "choose",
    "declared_cookies",
    "guard_cookie",
    "longest_life",
    "notice_html",
    "offered_purposes",
    "read_choice",
    "refused_cookies",
    "remembered_seconds",
    "remembering",
    "switches",
    "technologies",
]
