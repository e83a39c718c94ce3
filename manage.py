#!/usr/bin/env python
"""Django's command line for the hub: `manage.py help` lists every command."""

import gc
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "integration_hub.settings")
    # Loading makes much and drops little: looked through less often it takes a quarter less time.
    gc.set_threshold(50_000, 20, 50)
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"The settings are not usable: {error}")


if __name__ == "__main__":
    main()
