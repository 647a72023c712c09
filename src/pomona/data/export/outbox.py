"""A file that is written on one side and taken away on the other."""

import io


class Outbox(io.RawIOBase):
    """Takes what a writer of files writes; ``take`` hands it on, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, body: object) -> int:
        piece = bytes(body)  # type: ignore[call-overload]  # any buffer: the writer uses it again
        self._pieces.append(piece)
        self._at += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._at

    def take(self) -> bytes:
        """What was written since."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
