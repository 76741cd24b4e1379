"""The program of the frozen window; what it is started as is decided before Qt is loaded."""

import multiprocessing
import sys

from terrace.data.apart import served

if __name__ == "__main__":
    multiprocessing.freeze_support()  # a worker process of a bootstrap starts and ends here
    if served(sys.argv[1:]):  # and so does one that reads files
        sys.exit(0)
    from terrace_desktop.app.app import main

    sys.exit(main())
