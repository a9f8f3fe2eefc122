"""Finds the models that other programs have put on this machine. Their files stay where they are and are never
copied, changed or deleted. One module a program; each has `find`, which raises nothing for what it cannot read."""
