"""Amounts of money: whole billionths of a US dollar where they are added and compared, dollars for people. Pure."""

from __future__ import annotations

import math

NANO = 1_000_000_000


def nano(dollars: float) -> int:
    """The nearest whole billionth."""
    return round(dollars * NANO)


def at_most(dollars: float) -> int:
    """Rounded up, but for what a sum gains in its last digit: never below `nano` of the same."""
    return math.ceil(dollars * NANO - 1e-3)


def dollars(amount: int) -> float:
    return amount / NANO


def said(amount: int) -> str:
    """For people: two digits behind the point, or as many as a small amount needs to be seen."""
    value = dollars(amount)
    if value == 0 or abs(value) >= 0.01:
        return f"${value:,.2f}"
    return f"${value:.2g}" if abs(value) >= 1e-4 else f"${value:.9f}".rstrip("0")
