"""The card processor, as the shop knows it: a page where buyers leave their card, and what a token is good for."""

from http import HTTPStatus
from urllib.parse import urlencode

import httpx


class Processor:
    """The processor of the shop. It learns amounts and nothing about buyers; the shop learns tokens and no card.

    Args:
        page: The address that buyers see.
        api: The address that the shop asks.
        key: The shop's key there.
    """

    def __init__(self, page: str, api: str, key: str) -> None:
        self._page, self._api = page, api
        self._headers = {"Authorization": f"Bearer {key}"}

    def pay_page(self, amount: str, back: str) -> str:
        """Where a buyer leaves the card, and comes back with a token (`payment`)."""
        return f"{self._page}/pay?{urlencode({'amount': amount, 'back': back})}"

    async def accepted(self, token: str, amount: str) -> bool:
        """Whether a token is good for this amount and was not charged yet."""
        status, told = await self._ask("GET", f"/tokens/{token}")
        return status == HTTPStatus.OK and (told["amount"], told["state"]) == (amount, "accepted")

    async def charge(self, token: str) -> bool:
        """Take the money; False where another order took it."""
        status, _ = await self._ask("POST", f"/tokens/{token}/charge")
        return status == HTTPStatus.OK

    async def _ask(self, method: str, path: str) -> tuple[int, dict[str, str]]:
        if not path.removeprefix("/tokens/").replace("/", "").replace("-", "").isalnum():
            return HTTPStatus.NOT_FOUND, {}
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            answer = await client.request(method, self._api + path, headers=self._headers)
        told: dict[str, str] = answer.json()
        return answer.status_code, told
