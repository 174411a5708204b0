"""Kernels that fill polygons and stroke lines into a tile, without the GIL and without Qt.

Fills add up signed areas along each row (as font rasterisers do), so an edge is exact to a
fraction of a pixel and neighbours meet without a seam. Strokes are capsules of which the greatest
coverage wins, so joints of a line never show. Both walk only features whose box meets the tile:
boxes of single features in blocks of `BLOCK`, and boxes of the blocks.

Images are uint32 0xFFRRGGBB, row 0 at the north. `x0`, `y1` are local metres of the tile's north
west corner relative to the store's origin, `inv` pixels a metre.
"""

from __future__ import annotations

import math

import numba
from numba import types

BLOCK = 64

_F4 = types.Array(types.float32, 2, "C", readonly=True)
_I8 = types.Array(types.int64, 1, "C", readonly=True)
_U1 = types.Array(types.uint8, 1, "C", readonly=True)
_F4V = types.Array(types.float32, 1, "C", readonly=True)
_COVER = types.Array(types.uint8, 2, "C")
_WORDS = types.Array(types.uint64, 2, "C")
_SUMS = types.Array(types.float32, 2, "C")
_IMAGE = types.Array(types.uint32, 2, "C")
_D = types.float64
_SHAPES = (_F4, _I8, _I8, _F4, _F4, _U1, _U1)


@numba.njit(nogil=True, inline="always", error_model="numpy")
def mixed(under, over, alpha):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    """Return 0xFFRRGGBB of `over` laid on `under` with `alpha` of 256."""
    rb = (under & 0xFF00FF) * (256 - alpha) + (over & 0xFF00FF) * alpha
    g = (under & 0x00FF00) * (256 - alpha) + (over & 0x00FF00) * alpha
    return 0xFF000000 | ((rb >> 8) & 0xFF00FF) | ((g >> 8) & 0x00FF00)


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _descend(sums, xa, ya, xb, yb, w, h):  # type: ignore[no-untyped-def] # pragma: no cover
    """Add one edge that lies within 0 <= x <= w; parts above and below the tile are dropped."""
    sign = 1.0
    if ya > yb:
        xa, ya, xb, yb = xb, yb, xa, ya
        sign = -1.0
    if yb <= 0.0 or ya >= h or ya == yb:
        return
    slope = (xb - xa) / (yb - ya)
    if ya < 0.0:
        xa -= ya * slope
        ya = 0.0
    x = xa
    for row in range(int(ya), min(h, math.ceil(yb))):
        dy = min(row + 1.0, yb) - max(float(row), ya)
        nxt = x + slope * dy
        d = dy * sign
        left, right = (x, nxt) if x < nxt else (nxt, x)
        left, right = max(left, 0.0), min(max(right, 0.0), float(w))
        i = int(left)
        if right <= i + 1.0:
            share = 0.5 * (left + right) - i
            sums[row, i] += d * (1.0 - share)
            sums[row, i + 1] += d * share
        else:
            s = 1.0 / (right - left)
            first = 1.0 - (left - i)
            a0 = 0.5 * s * first * first
            last = math.ceil(right)
            am = right - last + 1.0
            an = 0.5 * s * am * am
            sums[row, i] += d * a0
            if last == i + 2:
                sums[row, i + 1] += d * (1.0 - a0 - an)
            else:
                a1 = s * (1.5 - (left - i))
                sums[row, i + 1] += d * (a1 - a0)
                for k in range(i + 2, last - 1):
                    sums[row, k] += d * s
                a2 = a1 + (last - i - 3) * s
                sums[row, last - 1] += d * (1.0 - a2 - an)
            sums[row, last] += d * an
        x = nxt


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _edge(sums, xa, ya, xb, yb, w, h):  # type: ignore[no-untyped-def] # pragma: no cover
    """Add one edge, cut at the tile's west and east sides; what lies west counts in column 0."""
    if (ya <= 0.0 and yb <= 0.0) or (ya >= h and yb >= h) or (xa >= w and xb >= w):
        return
    if xa <= 0.0 and xb <= 0.0:
        _descend(sums, 0.0, ya, 0.0, yb, w, h)
        return
    if xa >= 0.0 and xb >= 0.0 and xa <= w and xb <= w:
        _descend(sums, xa, ya, xb, yb, w, h)
        return
    px, py = xa, ya
    for step in range(3):
        if step == 2:
            qx, qy = xb, yb
        else:
            side = 0.0 if (step == 0) == (xa < xb) else float(w)
            if (xa - side) * (xb - side) >= 0.0:
                continue
            qx, qy = side, ya + (yb - ya) * (side - xa) / (xb - xa)
        if px <= 0.0 and qx <= 0.0:
            _descend(sums, 0.0, py, 0.0, qy, w, h)
        elif px <= w and qx <= w:
            _descend(sums, px, py, qx, qy, w, h)
        px, py = qx, qy


@numba.njit([types.int64(*_SHAPES, _D, _D, _D, _SUMS)], nogil=True, cache=True, error_model="numpy")
def fill(xy, ring_off, feature_off, box, block, kind, want, x0, y1, inv, sums):  # type: ignore[no-untyped-def] # pragma: no cover
    """Add the signed areas of all wanted polygons that meet the tile to `sums` (h, w + 2).

    Returns how many features were drawn.
    """
    h, w = sums.shape[0], sums.shape[1] - 2
    bx1, by0 = x0 + w / inv, y1 - h / inv
    drawn = 0
    for b in range(block.shape[0]):
        if block[b, 0] > bx1 or block[b, 2] < x0 or block[b, 1] > y1 or block[b, 3] < by0:
            continue
        for f in range(b * BLOCK, min((b + 1) * BLOCK, box.shape[0])):
            if want[kind[f]] == 0:
                continue
            if box[f, 0] > bx1 or box[f, 2] < x0 or box[f, 1] > y1 or box[f, 3] < by0:
                continue
            drawn += 1
            for r in range(feature_off[f], feature_off[f + 1]):
                start, stop = ring_off[r], ring_off[r + 1]
                if stop - start < 3:
                    continue
                px = (xy[stop - 1, 0] - x0) * inv
                py = (y1 - xy[stop - 1, 1]) * inv
                for v in range(start, stop):
                    qx = (xy[v, 0] - x0) * inv
                    qy = (y1 - xy[v, 1]) * inv
                    _edge(sums, px, py, qx, qy, w, h)
                    px, py = qx, qy
    return drawn


@numba.njit(
    [types.void(_SUMS, _IMAGE, types.uint32, types.int64)],
    nogil=True,
    cache=True,
    error_model="numpy",
)
def lay_fill(sums, image, colour, alpha):  # type: ignore[no-untyped-def] # pragma: no cover
    """Lay `colour` with `alpha` of 256 where `sums` says inside, and clear `sums`."""
    h, w = image.shape
    opaque = 0xFF000000 | colour
    for row in range(h):
        total = 0.0
        inside = 0
        for x in range(w):
            step = sums[row, x]
            if step != 0.0:
                total += step
                sums[row, x] = 0.0
                inside = int(min(abs(total), 1.0) * alpha + 0.5)
            if inside == 256:
                image[row, x] = opaque
            elif inside > 0:
                image[row, x] = mixed(image[row, x], colour, inside)
        sums[row, w] = 0.0
        sums[row, w + 1] = 0.0


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _capsule(cover, ax, ay, bx, by, half, most):  # type: ignore[no-untyped-def] # pragma: no cover
    """Raise `cover` to the coverage of a segment with round ends, `half` pixels to each side."""
    h, w = cover.shape
    reach = half + 0.5
    top, low = min(ay, by) - reach, max(ay, by) + reach
    left, right = min(ax, bx) - reach, max(ax, bx) + reach
    if low < 0.0 or top > h or right < 0.0 or left > w:
        return
    dx, dy = bx - ax, by - ay
    length = math.sqrt(dx * dx + dy * dy)
    shrink = 1.0 / length if length > 0.0 else 0.0
    nx, ny = dx * shrink, dy * shrink
    steep = abs(ny) > 1e-6
    ratio, spread = (nx / ny, reach / abs(ny)) if steep else (0.0, 0.0)
    full = max(half - 0.5, 0.0)
    # only pixels whose middle lies within reach: between the ends no root is needed
    for row in range(max(0, math.ceil(top - 0.5)), min(h, math.floor(low - 0.5) + 1)):
        uy = row + 0.5 - ay
        lo, hi = left, right
        if steep:
            mid = ax + uy * ratio
            lo, hi = max(lo, mid - spread), min(hi, mid + spread)
        for col in range(max(0, math.ceil(lo - 0.5)), min(w, math.floor(hi - 0.5) + 1)):
            ux = col + 0.5 - ax
            along = ux * nx + uy * ny
            if along <= 0.0:
                d = math.sqrt(ux * ux + uy * uy)
            elif along >= length:
                d = math.sqrt((ux - dx) ** 2 + (uy - dy) ** 2)
            else:
                d = abs(ux * ny - uy * nx)
            if d >= reach:
                continue
            c = most if d <= full else min(int((reach - d) * most), most)
            if c > cover[row, col]:
                cover[row, col] = c


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _dashes(cover, px, py, qx, qy, half, most, dash, gap, run):  # type: ignore[no-untyped-def] # pragma: no cover
    """Raise `cover` along the dashes of a segment that begins `run` pixels along its line."""
    long = math.sqrt((qx - px) ** 2 + (qy - py) ** 2)
    h, w = cover.shape
    beside = max(px, qx) < -half - 1 or min(px, qx) > w + half + 1
    if long == 0.0 or beside or max(py, qy) < -half - 1 or min(py, qy) > h + half + 1:
        return run + long
    at = -(run % (dash + gap))
    while at < long:
        s, e = max(at, 0.0) / long, min(at + dash, long) / long
        if e > s:
            dx, dy = qx - px, qy - py
            _capsule(cover, px + dx * s, py + dy * s, px + dx * e, py + dy * e, half, most)
        at += dash + gap
    return run + long


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _line(xy, start, stop, closed, half, most, dash, gap, x0, y1, inv, cover):  # type: ignore[no-untyped-def] # pragma: no cover
    """Raise `cover` along the vertices start to stop, and back to the first if `closed`."""
    before = stop - 1 if closed != 0 else start
    px, py = (xy[before, 0] - x0) * inv, (y1 - xy[before, 1]) * inv
    run = 0.0
    for v in range(start if closed != 0 else start + 1, stop):
        qx, qy = (xy[v, 0] - x0) * inv, (y1 - xy[v, 1]) * inv
        if gap <= 0.0:
            _capsule(cover, px, py, qx, qy, half, most)
        else:
            run = _dashes(cover, px, py, qx, qy, half, most, dash, gap, run)
        px, py = qx, qy


@numba.njit(
    [types.int64(*_SHAPES, _F4V, types.int64, _D, _D, _D, _D, _D, _COVER)],
    nogil=True,
    cache=True,
    error_model="numpy",
)
def stroke(  # type: ignore[no-untyped-def] # pragma: no cover
    xy, ring_off, feature_off, box, block, kind, want, half, closed, dash, gap, x0, y1, inv, cover
):
    """Raise `cover` along wanted lines (or, `closed`, along rings); returns features drawn.

    `half` are half widths in pixels by kind, shape (256,); `dash`, `gap` pixels, gap 0 is solid.
    """
    h, w = cover.shape
    drawn = 0
    edge = (half.max() + 1.0) / inv
    tx0, tx1, ty0, ty1 = x0 - edge, x0 + w / inv + edge, y1 - h / inv - edge, y1 + edge
    for b in range(block.shape[0]):
        if block[b, 0] > tx1 or block[b, 2] < tx0 or block[b, 1] > ty1 or block[b, 3] < ty0:
            continue
        for f in range(b * BLOCK, min((b + 1) * BLOCK, box.shape[0])):
            k = kind[f]
            if want[k] == 0:
                continue
            if box[f, 0] > tx1 or box[f, 2] < tx0 or box[f, 1] > ty1 or box[f, 3] < ty0:
                continue
            drawn += 1
            wide = max(half[k], 0.5)
            most = int(min(half[k] * 2.0, 1.0) * 255.0)
            for r in range(feature_off[f], feature_off[f + 1]):
                start, stop = ring_off[r], ring_off[r + 1]
                if stop - start > 1:
                    _line(xy, start, stop, closed, wide, most, dash, gap, x0, y1, inv, cover)
    return drawn


@numba.njit(
    [types.void(_WORDS, _COVER, _IMAGE, types.uint32, types.int64)],
    nogil=True,
    cache=True,
    error_model="numpy",
)
def lay_cover(words, cover, image, colour, alpha):  # type: ignore[no-untyped-def] # pragma: no cover
    """Lay `colour` with `alpha` of 256 times coverage, and clear `cover`.

    `words` is `cover` seen as uint64: where nothing is covered, eight pixels are passed at once.
    """
    h, w = image.shape
    for row in range(h):
        for word in range(words.shape[1]):
            if words[row, word] == 0:
                continue
            for x in range(word * 8, min(word * 8 + 8, w)):
                c = cover[row, x]
                if c > 0:
                    image[row, x] = mixed(image[row, x], colour, (c * alpha + 127) // 255)
            words[row, word] = 0
