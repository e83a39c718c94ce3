"""The WSGI application: what gunicorn serves. In production mode it refuses an unsafe start."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from integration_hub.api.checks import refuse_unsafe_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "integration_hub.settings")

application = get_wsgi_application()
refuse_unsafe_start()

# What is loaded by now stays: the collector need not look through it again and again.
gc.collect()
gc.freeze()
