"""Serai as a hub for others: what the cache has from disk, what it has not from the hub, once for all who wait."""
