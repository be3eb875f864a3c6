"""The HTTP API, its description, and the web pages."""
