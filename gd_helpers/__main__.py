"""The command line: ``python -m gd_helpers``."""

from gd_helpers.runner.cli import main

raise SystemExit(main())
