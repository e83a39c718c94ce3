"""The admin as a whole: its home's name, and the pages of libraries that it does not offer.

A row of django-q2 names the function that a worker runs, so the right to add one is the
right to run code; axes keeps what people typed as their names, now and then a password.
Both are the program's own: the audit log has the failed logins, the home page the queue,
and `manage.py axes_reset_username NAME` lets someone in again.
"""

from __future__ import annotations

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success

for model in (Schedule, OrmQ, Success, Failure, AccessAttempt, AccessLog, AccessFailureLog):
    if admin.site.is_registered(model):
        admin.site.unregister(model)

admin.site.index_title = "Home"
