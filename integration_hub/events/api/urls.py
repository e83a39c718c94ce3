"""Addresses below /api/v1."""

from django.urls import path

from integration_hub.events.api.delivery_views import DeliveryViewSet
from integration_hub.events.api.event_views import EventViewSet
from integration_hub.events.api.sink_views import EventSinkViewSet
from integration_hub.events.api.type_views import EventTypesView, EventTypeView

urlpatterns = [
    path("event-types", EventTypesView.as_view(), name="event-types"),
    path("event-types/<str:name>", EventTypeView.as_view(), name="event-type"),
    path("events", EventViewSet.as_view({"get": "list"}), name="events"),
    path("events/<uuid:event_id>", EventViewSet.as_view({"get": "retrieve"}), name="event"),
    path(
        "events/<uuid:event_id>/redeliver",
        EventViewSet.as_view({"post": "redeliver"}),
        name="event-redeliver",
    ),
    path(
        "event-sinks",
        EventSinkViewSet.as_view({"get": "list", "post": "create"}),
        name="event-sinks",
    ),
    path(
        "event-sinks/<uuid:sink_id>",
        EventSinkViewSet.as_view(
            {
                "get": "retrieve",
                "put": "update",
                "patch": "partial_update",
                "delete": "destroy",
            }
        ),
        name="event-sink",
    ),
    path(
        "event-sinks/<uuid:sink_id>/test",
        DeliveryViewSet.as_view({"post": "test"}),
        name="event-sink-test",
    ),
    path(
        "event-sinks/<uuid:sink_id>/rotate-secret",
        DeliveryViewSet.as_view({"post": "rotate"}),
        name="event-sink-rotate",
    ),
    path(
        "event-sinks/<uuid:sink_id>/redeliver",
        DeliveryViewSet.as_view({"post": "redeliver_many"}),
        name="event-sink-redeliver",
    ),
    path(
        "event-sinks/<uuid:sink_id>/deliveries",
        DeliveryViewSet.as_view({"get": "list"}),
        name="event-sink-deliveries",
    ),
    path(
        "event-sinks/<uuid:sink_id>/deliveries/<uuid:delivery_id>",
        DeliveryViewSet.as_view({"get": "retrieve"}),
        name="event-sink-delivery",
    ),
    path(
        "event-sinks/<uuid:sink_id>/deliveries/<uuid:delivery_id>/redeliver",
        DeliveryViewSet.as_view({"post": "redeliver"}),
        name="event-sink-delivery-redeliver",
    ),
]
