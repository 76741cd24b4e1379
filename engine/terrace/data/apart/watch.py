"""Limits of a process that reads: how much memory it may take, and how much it has taken."""

from __future__ import annotations

import sys

from terrace.data.memory import available_memory, taken_by

_LEAST = 1 << 30
_EXPANDS = 500  # a .zsav of constants takes that many times its size while it is read
_SLACK = 1 << 28  # address space that is reserved by threads and never used


def memory_allowed(size: int) -> int:
    """Bytes that the reading of a file of `size` bytes may take: all that is free, but little for a small file."""
    wanted = _LEAST + _EXPANDS * size
    left = available_memory()
    return wanted if left is None else min(wanted, left)


def expect_crashes() -> None:
    """Have the system take no notice of a crash: neither a dump of memory, which holds data, nor a dialog."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetErrorMode(0x0001 | 0x0002)
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def keep_limit() -> None:
    """Make the limit of memory that this process was started under one that `limit_own_memory` cannot lift."""
    if sys.platform == "win32" or sys.platform == "darwin":
        return
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_AS, (soft, soft))


def limit_own_memory(allowed: int) -> None:
    """Have the system refuse this process more than `allowed` bytes beyond what it has now, where it can do that.

    A limit that the process was started under is hard for it: see `keep_limit`.
    """
    if sys.platform == "win32" or sys.platform == "darwin":
        return  # `resident` is watched from outside
    import resource

    try:
        now, _ = taken_by("self")
    except (OSError, ValueError):
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = now + allowed + _SLACK
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def resident(process: int) -> int | None:
    """Bytes of memory that a process holds now; None where the system does not tell."""
    try:
        if sys.platform == "win32":
            return _windows(process)
        if sys.platform == "darwin":
            return _mac(process)
        return taken_by(process)[1]
    except (OSError, ValueError):
        return None


def _mac(process: int) -> int | None:
    """The field ``ri_resident_size`` of ``proc_pid_rusage``: after 16 bytes and six numbers of eight."""
    import ctypes

    words = (ctypes.c_uint64 * 64)()
    library = ctypes.CDLL("/usr/lib/libproc.dylib", use_errno=True)
    return int(words[8]) if library.proc_pid_rusage(process, 0, words) == 0 else None


def _windows(process: int) -> int | None:
    if sys.platform != "win32":
        return None
    import ctypes
    from ctypes import wintypes

    class Counters(ctypes.Structure):
        _fields_ = [
            ("size", wintypes.DWORD),
            ("faults", wintypes.DWORD),
            *((name, ctypes.c_size_t) for name in ("peak", "held", "a", "b", "c", "d", "e", "f")),
        ]

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.OpenProcess.restype = wintypes.HANDLE
    handle = kernel.OpenProcess(0x1000, False, process)  # the right to ask for little
    if not handle:
        return None
    counters = Counters()
    counters.size = ctypes.sizeof(counters)
    try:
        told = kernel.K32GetProcessMemoryInfo(wintypes.HANDLE(handle), ctypes.byref(counters), counters.size)
    finally:
        kernel.CloseHandle(wintypes.HANDLE(handle))
    return int(counters.held) if told else None
