"""Coding agents of this machine, wired to Serai for as long as they run."""
