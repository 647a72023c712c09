"""What every Blobs implementation promises. Inherit it and provide a ``blobs`` fixture."""

from io import BytesIO

import pytest
from blake3 import blake3

from pomona.core.errors import NotFound
from pomona.core.ports import BlobRemoval, Blobs


class BlobsContract:
    """Immutable bytes, addressed by their BLAKE3 digest."""

    def test_get_returns_what_was_put(self, blobs: Blobs) -> None:
        assert blobs.get(blobs.put(b"pear")) == b"pear"

    def test_the_name_is_the_blake3_digest(self, blobs: Blobs) -> None:
        assert blobs.put(b"pear") == blake3(b"pear").hexdigest()

    def test_putting_twice_keeps_one(self, blobs: Blobs) -> None:
        assert blobs.put(b"quince") == blobs.put(b"quince")

    def test_a_stream_is_kept_whole(self, blobs: Blobs) -> None:
        body = bytes(range(256)) * 10_000
        digest, size = blobs.put_stream(BytesIO(body))
        assert size == len(body)
        assert blobs.size(digest) == len(body)
        with blobs.open(digest) as stream:
            assert stream.read() == body

    def test_nothing_is_kept_under_an_unknown_digest(self, blobs: Blobs) -> None:
        assert blobs.size("0" * 64) is None
        with pytest.raises(NotFound):
            blobs.get("0" * 64)

    @pytest.mark.parametrize("name", ["", "../../etc/passwd", "ab", "Z" * 64, "0" * 63 + "/"])
    def test_what_is_not_a_digest_is_not_found(self, blobs: Blobs, name: str) -> None:
        with pytest.raises(NotFound):
            blobs.get(name)


class BlobRemovalContract:
    """What is removed is gone, and nothing else. Provide ``blobs`` and ``removal`` over the same store."""

    def test_what_is_removed_is_gone(self, blobs: Blobs, removal: BlobRemoval) -> None:
        pear, quince = blobs.put(b"pear"), blobs.put(b"quince")
        assert removal.remove([pear, "0" * 64]) == 1
        assert blobs.size(pear) is None
        assert blobs.get(quince) == b"quince"
        assert blobs.get(blobs.put(b"pear")) == b"pear"
