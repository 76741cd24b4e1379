"""Reading in a process apart: a reader in native code that crashes, hangs or takes all memory ends that process only.

`parent.py` asks and watches, `child.py` answers; `messages.py` has what both say to each other and `transport.py` how a
Dataset crosses. The process is the interpreter itself, started when the first such file is opened and used again.
"""

READER = "--terrace-reader"
"""The one argument that makes a reader of a frozen program, whose executable is no interpreter; see `command`."""
