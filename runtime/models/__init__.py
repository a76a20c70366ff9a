"""The only way to a model: client, gateway, throttle, transports, embedded server."""
