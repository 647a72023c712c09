"""The Python environment as a list of packages: what ``pip freeze`` would say, without running pip."""

import platform
from importlib.metadata import distributions


def freeze() -> tuple[str, ...]:
    """``python==3.x.y`` and every installed distribution as ``name==version``, sorted."""
    found = {
        f"{dist.name.lower().replace('_', '-')}=={dist.version}" for dist in distributions() if dist.name
    }
    return (f"python=={platform.python_version()}", *sorted(found))
