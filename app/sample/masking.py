"""Masking of small counts, so that no figure shown tells of a few people or of one firm.

The rule, after the Handbook on Statistical Disclosure Control (ESSnet, 2nd edition, chapter 5,
"Frequency tables": threshold rule, secondary suppression, conventional rounding;
https://sdctools.github.io/HandbookSDC/05-frequency-tables.html):

1. Streets and larger areas keep exact counts, all of hundreds and more. Communities and grids are
   rounded to `BASE`; a true zero stays, for it tells of nobody.
2. A count from 1 to `THRESHOLD` - 1 is masked (primary suppression): no value at all.
3. The masked cells below one shown area number two at least and hold `APART` together; if not,
   the smallest ones still shown are masked as well (secondary suppression). A masked cell never
   says by which of the two rules, so what the sum leaves open reaches from nothing to `APART`.
4. Everything below a masked area is masked, but for zeros, so that its parts cannot be added up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

BASE = 10
THRESHOLD = 10
APART = 20


def mask_cells(count: Ints, group: Ints, hidden: Bools) -> Bools:
    """Return which cells are masked, shape (n,).

    Args:
        count: the true counts, shape (n,).
        group: the number of the area above each cell, shape (n,).
        hidden: which areas above are masked themselves, shape (areas,).
    """
    masked = ((count > 0) & (count < THRESHOLD)) | (hidden[group] & (count > 0))
    order = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[order], np.arange(len(hidden) + 1))
    number = np.bincount(group[masked], minlength=len(hidden))
    held = np.bincount(group[masked], weights=count[masked], minlength=len(hidden))
    thin = (number > 0) & ~hidden & ((number < 2) | (held < APART))
    for at in np.flatnonzero(thin).tolist():
        _thicken(count, masked, order[bounds[at] : bounds[at + 1]])
    return masked


def _thicken(count: Ints, masked: Bools, cells: Ints) -> None:
    """Mask the smallest cells still shown until two are masked that hold enough together."""
    shown = cells[~masked[cells] & (count[cells] > 0)]
    for cell in shown[np.argsort(count[shown], kind="stable")].tolist():
        inside = cells[masked[cells]]
        if len(inside) >= 2 and int(count[inside].sum()) >= APART:
            return
        masked[cell] = True


def rounded(count: Ints) -> Ints:
    """Return counts rounded to the nearest multiple of `BASE`."""
    return np.asarray(np.round(count / BASE).astype(np.int64) * BASE)
