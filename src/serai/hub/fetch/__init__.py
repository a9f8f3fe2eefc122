"""Fetches files of the hub into the cache: in parallel, resumed, checked while they stream,
loadable only when whole."""
