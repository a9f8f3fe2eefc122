"""The workshop of serai-guide: its words, and the few steps that turn them into a model (`python -m guide`)."""
