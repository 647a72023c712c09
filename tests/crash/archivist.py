"""Folds predictions, tells outcomes and writes append tables for ever. It gets killed."""

import sys
from pathlib import Path

from tests.serving.archive.world import World, rows

from pomona.process import is_dead_here
from pomona.serving.archive.records import BatchPolicy
from pomona.serving.asking import PredictionFilter

POLICY = BatchPolicy(rows=20, age_s=600, most=30, compact_s=0)
STEP = 45


def open_world(home: Path) -> World:
    """The home, with what a killed one left taken over."""
    world = World(home, POLICY)
    world.app.jobs.take_over(is_dead_here)
    return world


def main(home: Path) -> None:
    world = open_world(home)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        world.serving.fold()
        held = world.serving.predictions(PredictionFilter(endpoint="late"), limit=1).items
        first = int(held[0].id.removeprefix("prd_")) + 1 if held else 0
        world.clock.advance(seconds=1)
        world.segment(f"{first:014}-a", rows(*range(first, first + STEP)))
        world.serving.fold()
        world.tell(range(first, first + STEP, 2), float(first % 3))
        world.tell([first + 2 * STEP])  # it waits for its prediction
        world.archive.enqueue_due()
        while world.housekeeper.run_one():
            pass


if __name__ == "__main__":
    main(Path(sys.argv[1]))
