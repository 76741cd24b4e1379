"""Reading in a process apart: a reader in native code that crashes, hangs or takes all memory ends that process only.

`parent.py` asks and watches, `child.py` answers; `messages.py` has what both say to each other and `transport.py` how a
Dataset crosses. The process is the interpreter itself, started when the first such file is opened and used again.
"""

from __future__ import annotations

from collections.abc import Sequence

READER = "--terrace-reader"
"""The one argument that makes a reader of a frozen program, whose executable is no interpreter; see `command`."""


def served(arguments: Sequence[str]) -> bool:
    """Where another process of a frozen program started this one as a reader, read for it until it is gone.

    False at once for any other arguments: the program is to do what they say.
    """
    if list(arguments) != [READER]:
        return False
    from terrace.data.apart.child import serve

    serve()
    return True
