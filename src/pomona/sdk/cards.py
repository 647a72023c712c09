"""Model cards from Python."""

from pomona.core.records import from_json, to_json
from pomona.registry.cards.records import Card, CardRevision, NewCard
from pomona.sdk.approvals import named
from pomona.sdk.session import Session, part


class Cards:
    """``client.models.cards``: what is said about versions."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, name: str, number: int) -> Card:
        """A card as it is now: what people wrote, and what the ledger knows today."""
        return self._session.get(_at(name, number), Card)

    def readme(self, name: str, number: int) -> str:
        """A card as a README for others: Markdown behind a YAML header."""
        return self._session.call("GET", f"{_at(name, number)}/README.md").body.decode()

    def save(
        self,
        name: str,
        number: int,
        text: str,
        *,
        comment: str = "",
        based_on: int | None = None,
        by: str | None = None,
    ) -> Card:
        """Keep an edited card as the next revision.

        Args:
            text: As ``get`` gave it, edited. Parts between comments that you change are yours from now on.
            based_on: The revision you began with; if somebody saved one meanwhile, yours is refused.
            by: Your name; default: the environment's ``POMONA_ACTOR``.

        Raises:
            Invalid: If the header is no YAML.
            Conflict: If somebody saved one meanwhile.
        """
        body = to_json(NewCard(text=text, comment=comment, based_on=based_on))
        return from_json(
            self._session.call("PUT", _at(name, number), body=body, headers=named(by)).body, Card
        )

    def revision(self, name: str, number: int, place: int) -> CardRevision:
        """A card as it was saved once."""
        return self._session.get(f"{_at(name, number)}/revisions/{place}", CardRevision)


def _at(name: str, number: int) -> str:
    return f"/api/v1/models/{part(name)}/versions/{number}/card"
