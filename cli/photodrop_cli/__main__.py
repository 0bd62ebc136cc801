"""`python -m photodrop_cli`."""

import sys

from photodrop_cli.main import main

sys.exit(main())
