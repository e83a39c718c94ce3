"""The WSGI application: what gunicorn serves. In production mode it refuses an unsafe start."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from integration_hub.api.checks import refuse_unsafe_start
from integration_hub.coordination import behind

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "integration_hub.settings")

application = get_wsgi_application()
refuse_unsafe_start()
behind.allow()

# What is loaded by now stays: the collector need not look through it again and again.
gc.collect()
gc.freeze()
# A call makes some thousand objects that live as long as it: they need not be looked through
# several times while it runs, and what is a cycle can wait for a moment longer.
gc.set_threshold(10_000, 20, 20)
