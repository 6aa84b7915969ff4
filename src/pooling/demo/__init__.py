"""The demonstration territory: real authorities, fictional people, needs and prices. Only under `pooling demo`."""
