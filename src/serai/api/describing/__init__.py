"""The OpenAPI document: what the routes say of themselves, completed with examples and with each dialect's errors."""
