"""`python -m core.cli` is the command `dongseon`."""

import sys

from core.cli import main

sys.exit(main())
