"""Answers that are known already: the same call, asked again, need not be computed again."""
