"""``python -m terrace``."""

import sys

from terrace.cli import main

sys.exit(main())
