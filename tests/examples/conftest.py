"""The flights example is a folder of scripts: its modules are found as a user's script finds them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "flights"))
