"""How much memory a program may still take on this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def available_memory() -> int | None:
    """Bytes that can be taken without swapping; None where the system does not tell.

    The least of what the machine has left, what a container may still take, and the process's own limit.
    """
    found = [f for f in (_machine(), _container(), _process()) if f is not None]
    return min(found) if found else None


def taken_by(process: int | str) -> tuple[int, int]:
    """Bytes of addresses and of memory that a process has, on Linux; ``self`` is this one.

    Raises `OSError` or `ValueError` where the system does not tell.
    """
    addresses, memory, *_ = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()
    page = os.sysconf("SC_PAGE_SIZE")
    return int(addresses) * page, int(memory) * page


def _machine() -> int | None:
    if sys.platform == "win32":
        return _windows()
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:  # macOS tells the whole only; half of it is a fair guess at what is left
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (OSError, ValueError):
        return None


def _windows() -> int | None:
    if sys.platform != "win32":
        return None
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = [
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "available", "a", "b", "c", "d", "e")),
        ]

    status = Status()
    status.length = ctypes.sizeof(status)
    if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return int(status.available)


def _container() -> int | None:
    """What is left of the limit of a Linux control group; its file cache can be given back and does not count."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit = (folder / "memory.max").read_text(encoding="ascii").strip()
        if limit == "max":
            return None
        used = int((folder / "memory.current").read_text(encoding="ascii"))
        cache = 0
        for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines():
            if line.startswith("inactive_file "):
                cache = int(line.split()[1])
        return max(0, int(limit) - used + cache)
    except (OSError, ValueError):
        return None


def _process() -> int | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY:
        return None
    try:
        taken, _ = taken_by("self")
    except (OSError, ValueError):
        taken = 0
    return max(0, soft - taken)
