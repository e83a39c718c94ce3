"""A gRPC channel for one call, through a tunnel to an address that was judged."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from django.conf import settings

from integration_hub.egress import tls
from integration_hub.egress.call import too_large
from integration_hub.egress.door import Deadline, TlsOptions
from integration_hub.egress.policy import Origin, tcp_origin
from integration_hub.egress.tunnel import Tunnel, tunnel
from integration_hub.lib.errors import (
    Cancelled,
    ConnectionFailed,
    HubError,
    UpstreamError,
)
from registry.adapter import AdapterCall

FRAMING_BYTES = 1024 * 1024  # headers, trailers and frames beside the messages
_TOO_LARGE = "Received message larger than max"  # grpcio's own words
_SETTLE = 0.1  # seconds in which a connection that broke is seen to be closed
_LOOK = 0.5  # seconds between two looks at the deadline while the channel is made
_Code = grpc.StatusCode
_BROKEN = frozenset({grpc.ChannelConnectivity.TRANSIENT_FAILURE, grpc.ChannelConnectivity.SHUTDOWN})


def is_secure(call: AdapterCall) -> bool:
    return bool(call.config.get("tls", True))


def origin_of(call: AdapterCall) -> Origin:
    """Raises TargetForbidden."""
    return tcp_origin(str(call.config["host"]), int(call.config["port"]))


@contextmanager
def opened(call: AdapterCall) -> Iterator[grpc.Channel]:
    """A channel that stands, closed with the block or the deadline.

    What a server says no with stays a grpc.RpcError; everything else raises
    TargetForbidden, ConnectionFailed, TimedOut, Cancelled or ResponseTooLarge, with
    `sent` False until the channel stands.
    """
    origin = origin_of(call)
    underway = False
    try:
        with tunnel(
            origin.host,
            origin.port,
            deadline=call.deadline,
            allowed_hosts=call.allowed_hosts,
            max_bytes=settings.HUB_MAX_RESPONSE_BYTES + FRAMING_BYTES,
        ) as way:
            channel = _channel(way, origin, call)
            try:
                _await(channel, origin, call.deadline)
                underway = True
                yield channel
            except grpc.RpcError as error:
                told = _translated(error, way, call.deadline)
                if told is error:
                    raise
                raise told from error
            finally:
                channel.close()
    except (UpstreamError, Cancelled) as error:
        error.sent = error.sent and underway
        raise


def _channel(way: Tunnel, origin: Origin, call: AdapterCall) -> grpc.Channel:
    options: list[tuple[str, int | str]] = [
        ("grpc.default_authority", origin.authority),
        ("grpc.enable_http_proxy", 0),  # the environment's would lead past the tunnel
        ("grpc.enable_retries", 0),  # repeating is the executor's
        ("grpc.service_config_disable_resolution", 1),
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.max_receive_message_length", settings.HUB_MAX_RESPONSE_BYTES),
        ("grpc.max_send_message_length", -1),  # the request was bounded when it came in
        ("grpc.max_metadata_size", 64 * 1024),
    ]
    target = f"ipv4:{way.host}:{way.port}"
    if not is_secure(call):
        return grpc.insecure_channel(target, options)
    options.append(("grpc.ssl_target_name_override", origin.host))
    return grpc.secure_channel(target, _credentials(call.tls), options)


def _credentials(given: TlsOptions | None) -> grpc.ChannelCredentials:
    options = given or TlsOptions()
    if not options.verify:
        raise ConnectionFailed(
            "gRPC cannot do without verifying the server: put its authority into "
            "overrides.tls.authorities instead of switching verification off.",
            sent=False,
        )
    return grpc.ssl_channel_credentials(
        root_certificates=tls.roots(options.authorities),
        private_key=options.private_key.encode() or None,
        certificate_chain=options.certificate.encode() or None,
    )


def _await(channel: grpc.Channel, origin: Origin, deadline: Deadline) -> None:
    """The tunnel takes one connection: what does not stand at once never will."""
    states: queue.SimpleQueue[grpc.ChannelConnectivity] = queue.SimpleQueue()
    channel.subscribe(states.put, try_to_connect=True)
    try:
        while True:
            left = deadline.check(sent=False)
            try:
                state = states.get(timeout=min(_LOOK, left))
            except queue.Empty:
                continue
            if state == grpc.ChannelConnectivity.READY:
                return
            if state in _BROKEN:
                raise ConnectionFailed(
                    f"No gRPC connection to {origin.host} was made: it does not speak HTTP/2, "
                    "or its TLS (config.tls) or certificate is not what was expected.",
                    sent=False,
                )
    finally:
        channel.unsubscribe(states.put)


def _translated(error: grpc.RpcError, way: Tunnel, deadline: Deadline) -> Exception:
    """The error itself where the server said it; else what happened on the way.

    grpcio does not tell the two apart: whether the connection is still there does.
    """
    code = error.code()
    if deadline.cancelled or (code == _Code.DEADLINE_EXCEEDED and not deadline.remaining()):
        try:
            deadline.check(sent=True)
        except HubError as ended:
            return ended
    if code == _Code.RESOURCE_EXHAUSTED and _TOO_LARGE in (error.details() or ""):
        return too_large(settings.HUB_MAX_RESPONSE_BYTES)
    if code == _Code.UNAVAILABLE and way.closed.wait(_SETTLE):
        return ConnectionFailed("The connection was closed before the answer was complete.")
    return error
