"""The floor: a bare Django view that makes the same upstream call and one INSERT.

No validation, no credential store, no limits, no log of what was sent: what the
hub's work is measured against.
"""

from __future__ import annotations

import json
import os
import threading
from typing import Any

import environ
import requests
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

settings.configure(
    SECRET_KEY="floor",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.contenttypes"],
    DATABASES={
        "default": environ.Env.db_url_config(os.environ["DATABASE_URL"]) | {"CONN_MAX_AGE": 600}
    },
)
if "sqlite" in settings.DATABASES["default"]["ENGINE"]:
    settings.DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }

application = get_wsgi_application()

from django.db import connection, models  # noqa: E402 - models need configured settings


class Call(models.Model):
    method = models.CharField(max_length=100)
    parameters = models.TextField()
    result = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "contenttypes"
        db_table = "floor_call"


_local = threading.local()
UPSTREAM = os.environ["UPSTREAM"]


def prepare() -> None:
    with connection.schema_editor() as editor:
        if "floor_call" not in connection.introspection.table_names():
            editor.create_model(Call)


def call(request: HttpRequest) -> JsonResponse:
    body: dict[str, Any] = json.loads(request.body)
    if not hasattr(_local, "session"):
        _local.session = requests.Session()
    answer = _local.session.post(
        UPSTREAM + "/things",
        json=body["parameters"],
        headers={"Authorization": "Bearer benchmark-token"},
        timeout=10,
    )
    Call.objects.create(
        method="create_thing", parameters=json.dumps(body["parameters"]), result=answer.text
    )
    response = JsonResponse({"data": answer.json()})
    response["Content-Length"] = len(response.content)  # a client with kept connections needs it
    return response


urlpatterns = [path("call", call)]

if __name__ == "__main__":
    prepare()
