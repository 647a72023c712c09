"""Stage 4: the registry. Models, their immutable versions, aliases, and the gate before the champion."""
