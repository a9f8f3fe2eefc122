"""OpenAI's Responses API: its items, its request, its events, its routes."""
