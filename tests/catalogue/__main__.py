"""`make goldens`: the golden files written anew; prints which of them have changed."""

import os
from importlib import import_module

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    golden = import_module("tests.catalogue.golden")  # it needs what setup has registered
    print("\n".join(golden.renewed()) or "Nothing changed.")
