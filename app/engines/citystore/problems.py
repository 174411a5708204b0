"""What may be wrong with a store."""

from __future__ import annotations

from app.domain.errors import StorageFailure


class StoreUnusable(StorageFailure):
    """The derived store is missing, torn, or of another format or source: build it anew.

    Nothing is lost by that: it is derived from map.gpkg.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The map's derived store cannot be used: {reason}.",
            advice="It is built anew from map.gpkg; nothing is lost.",
        )
        self.reason = reason
