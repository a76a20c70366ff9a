"""Access to models: gateway, client, throttle, transports and the embedded server."""
