"""The shapes of requests and responses, by resource: they validate, and describe the API."""
