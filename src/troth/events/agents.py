"""What a user agent tells: whether a crawler came, and the class of the device."""

import re
from functools import lru_cache

from crawlerdetect import CrawlerDetect

MAX_AGENT = 500
_TABLET = re.compile(r"ipad|tablet|kindle|silk|playbook|(?=.*android)(?!.*mobile)", re.IGNORECASE)
_PHONE = re.compile(r"iphone|ipod|android|mobile|phone|blackberry|opera mini", re.IGNORECASE)
_DESKTOP = re.compile(r"windows nt|macintosh|x11|cros|linux", re.IGNORECASE)


@lru_cache(maxsize=1)
def _detector() -> CrawlerDetect:
    return CrawlerDetect(user_agent="")


@lru_cache(maxsize=4_096)
def agent_of(agent: str) -> tuple[str, int]:
    """The class of the device, and 1 when the agent is a crawler's; an agent that names nothing is one."""
    shown = agent[:MAX_AGENT]
    robot = int(not shown.strip() or bool(_detector().isCrawler(shown)))
    if _TABLET.search(shown):
        return "tablet", robot
    if _PHONE.search(shown):
        return "phone", robot
    return ("desktop" if _DESKTOP.search(shown) else "other"), robot
