"""The machine a run runs on, as tags: host, system, Python, cores, memory, GPUs."""

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_GB = 1e9
_LOOK_S = 5.0


@cache
def machine_tags() -> Mapping[str, str]:
    """``pomona.host``, ``.os``, ``.python``, ``.cores``, ``.memory_gb``; ``.gpus`` and ``.gpu`` if there are.

    Cores and memory are what this process may use: its affinity and the limits of its container.
    """
    found = {
        "host": platform.node(),
        "os": f"{platform.system()} {platform.release()} {platform.machine()}".strip(),
        "python": platform.python_version(),
        "cores": str(_cores()),
        "memory_gb": _memory_gb(),
    }
    gpus = _gpus()
    if gpus:
        found |= {"gpus": str(len(gpus)), "gpu": ", ".join(dict.fromkeys(gpus))}
    return {f"pomona.{name}": value[:200] for name, value in found.items() if value}


def _cores() -> int:
    try:
        allowed = len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        allowed = os.cpu_count() or 1
    quota, _, period = _read("/sys/fs/cgroup/cpu.max").partition(" ")
    if quota.isdecimal() and period.isdecimal() and int(period) > 0:
        allowed = min(allowed, max(1, round(int(quota) / int(period))))
    return allowed


def _memory_gb() -> str:
    try:
        found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return ""
    limit = _read("/sys/fs/cgroup/memory.max")
    return f"{min(found, int(limit)) / _GB if limit.isdecimal() else found / _GB:.1f}"


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _gpus() -> list[str]:
    """Names of the GPUs that this process sees, as nvidia-smi tells them."""
    tool = shutil.which("nvidia-smi")
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if tool is None or visible in ("", "-1"):
        return []
    try:
        done = subprocess.run(
            [tool, "--query-gpu=name", "--format=csv,noheader"],
            capture_output=True,
            check=True,
            timeout=_LOOK_S,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    names = [line.strip() for line in done.stdout.decode(errors="replace").splitlines() if line.strip()]
    if visible is None:
        return names
    wanted = visible.split(",")
    if all(one.strip().isdecimal() for one in wanted):
        return [names[int(one)] for one in wanted if int(one) < len(names)]
    return names[: len(wanted)]
