"""A program that adds to a file set over and over, and writes down what was acknowledged. It gets killed."""

import os
import random
import sys
from pathlib import Path

from pomona.sdk.client import connect


def main(home: Path, folder: Path, book: Path, seed: int) -> None:
    draw = random.Random(seed)
    with connect(home=home) as client, book.open("a") as out:
        out.write("ready\n")
        out.flush()
        while True:
            for _ in range(40):
                path = folder / f"f{draw.randrange(400)}.bin"
                path.write_bytes(draw.randbytes(draw.choice([0, 10, 5_000, 300_000])))
            (folder / "large.bin").write_bytes(draw.randbytes(9_000_000))
            version = client.files.add("pets", folder)
            out.write(f"{version.ref} {version.record.digest}\n")
            out.flush()
            os.fsync(out.fileno())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
