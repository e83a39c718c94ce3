"""The parts behind `integration_hub.lib.redact`, which is what everyone else imports."""
