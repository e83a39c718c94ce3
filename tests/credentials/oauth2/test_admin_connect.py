"""Connecting from the admin: who may, what is shown, and that it ends with who began."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from credentials.models import ConnectLink, Credential
from tests.credentials.oauth2.consent import CALLBACK, CLIENT, consent, entry, shop
from tests.credentials.oauth2.test_links import provider_address

pytestmark = pytest.mark.django_db
__all__ = ["consent", "shop"]

HTML = {"Accept": "text/html"}


@pytest.fixture
def browser(alice, settings) -> Client:
    settings.ALLOWED_HOSTS = ["localhost", "testserver"]
    found = Client(headers={"Host": "localhost:8000"})
    found.force_login(alice)
    return found


def page_of(instance) -> str:
    return reverse("admin:credentials_credential_connect", args=[instance.pk])


def instance_page(instance) -> str:
    return reverse("admin:registry_instance_change", args=[instance.pk])


def begin(browser, instance):
    return browser.post(page_of(instance), {"do": "connect", **CLIENT})


def test_the_instance_offers_connect_then_reconnect(browser, shop, consent) -> None:
    assert ">Connect<" in browser.get(instance_page(shop)).content.decode().replace("\n", "")
    back = consent.consent(provider_address(begin(browser, shop)))
    done = browser.get(CALLBACK, back, headers=HTML)
    assert (done.status_code, done["Location"]) == (302, instance_page(shop))
    assert done["Referrer-Policy"] == "no-referrer"
    page = browser.get(done["Location"]).content.decode()
    assert "shop is connected to" in page
    assert "Reconnect" in page
    row = Credential.objects.get()
    form = browser.get(reverse("admin:credentials_credential_change", args=[row.pk]))
    assert page_of(shop) in form.content.decode()


def test_the_page_says_what_will_be_asked_and_what_to_register(browser, shop) -> None:
    page = browser.get(page_of(shop)).content.decode()
    for words in ("contacts.read contacts.write", "http://localhost:8000/api/v1/oauth2/callback"):
        assert words in page


def test_less_than_asked_is_a_warning(browser, shop, consent) -> None:
    consent.granted = "contacts.read"
    back = consent.consent(provider_address(begin(browser, shop)))
    page = browser.get(CALLBACK, back, headers=HTML, follow=True).content.decode()
    assert "contacts.write is missing" in page


def test_a_refusal_leads_back_to_the_instance(browser, shop, consent) -> None:
    consent.denial = "Only <owners> may connect."
    back = consent.consent(provider_address(begin(browser, shop)), allow=False)
    page = browser.get(CALLBACK, back, headers=HTML)
    text = page.content.decode()
    assert page.status_code == 400
    assert "access_denied: Only &lt;owners&gt; may connect." in text
    assert instance_page(shop) in text


def test_another_session_of_the_same_person_cannot_finish(browser, shop, consent, alice) -> None:
    back = consent.consent(provider_address(begin(browser, shop)))
    other = Client()
    other.force_login(alice)
    assert other.get(CALLBACK, back, headers=HTML).status_code == 403
    browser.logout()
    assert browser.get(CALLBACK, back, headers=HTML).status_code == 403
    assert not Credential.objects.exists()


def test_another_person_in_the_same_browser_cannot_finish(browser, shop, consent, bob) -> None:
    back = consent.consent(provider_address(begin(browser, shop)))
    cookies = {k: v.value for k, v in browser.cookies.items() if k.startswith("hub_connect_")}
    other = Client()
    other.force_login(bob)
    for name, value in cookies.items():
        other.cookies[name] = value
    refused = other.get(CALLBACK, back, headers=HTML)
    assert refused.status_code == 403
    assert "begun by someone else" in refused.content.decode()
    assert consent.counts["authorization_code"] == 0


def test_an_operator_without_the_right_gets_neither_button_nor_page(shop, bob) -> None:
    operator = Client()
    operator.force_login(bob)
    assert "Connect" not in operator.get(instance_page(shop)).content.decode()
    for answer in (operator.get(page_of(shop)), begin(operator, shop)):
        assert answer.status_code == 403


def test_an_instance_without_such_an_entry_has_no_button(browser, acme) -> None:
    assert "/connect/" not in browser.get(instance_page(acme)).content.decode()
    assert browser.get(page_of(acme)).status_code == 400


def test_the_wrong_address_of_the_admin_is_said_before_it_is_too_late(alice, shop) -> None:
    elsewhere = Client()
    elsewhere.force_login(alice)
    page = elsewhere.get(page_of(shop)).content.decode()
    assert "Open the admin at http://localhost:8000" in page
    assert "Log in at" not in page


def test_a_link_is_made_shown_once_and_ended(browser, shop) -> None:
    made = browser.post(page_of(shop), {"do": "link"}).content.decode()
    assert "http://localhost:8000/connect?link=" in made
    assert "connect?link=" not in browser.get(page_of(shop)).content.decode()
    ended = browser.post(page_of(shop), {"do": "revoke"}).content.decode()
    assert "Connect links ended: 1." in ended
    assert ConnectLink.objects.get().revoked_at is not None


def test_a_hostile_name_stays_text(browser, connect, consent) -> None:
    name = "<script>alert(1)</script>"
    made = connect("odd", auth=[entry(consent, scopes=["<b>x</b>"])], name=name)
    text = browser.get(page_of(made)).content.decode()
    assert "<b>x</b>" not in text
    link = browser.post(page_of(made), {"do": "link"}).content.decode()
    assert name not in link
