"""manage.py create_token."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from integration_hub.access import services
from integration_hub.access.models import Token
from integration_hub.lib import clock

pytestmark = pytest.mark.django_db


def run(*arguments):
    out, err = StringIO(), StringIO()
    call_command("create_token", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_it_prints_the_token_alone_and_the_token_works():
    out, err = run("billing", "--scope", "execute", "--scope", "read", "--instance", "acme")
    raw = out.strip()
    assert out == raw + "\n"
    assert raw not in err
    caller = services.authenticate(raw)
    assert caller.scopes == {"execute", "read"}
    assert caller.instances == {"acme"}
    assert Token.objects.get().created_by == "command:create_token"


@pytest.mark.parametrize(
    ("span", "delta"), [("90d", timedelta(days=90)), ("12h", timedelta(hours=12))]
)
def test_it_can_expire(fake_clock, span, delta):
    run("t", "--scope", "read", "--expires", span)
    assert Token.objects.get().expires_at == clock.now() + delta


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["t"], "--scope"),
        (["t", "--scope", "root"], "known: execute, read, manage, credentials"),
        (["t", "--scope", "read", "--expires", "soon"], "90d"),
        (["t", "--scope", "read", "--context", "tenant"], "client:<id>"),
        ([" ", "--scope", "read"], "name"),
    ],
)
def test_a_mistake_is_named_and_makes_nothing(arguments, said):
    with pytest.raises(CommandError, match=said):
        run(*arguments)
    assert not Token.objects.exists()


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit):
        call_command("create_token", "--help")
    assert "manage.py create_token billing" in capsys.readouterr().out
