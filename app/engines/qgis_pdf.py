"""Makes the text of Qt's PDFs searchable.

Noto draws a radical and the sign that looks like it with one glyph (⽰ and 示, ⻩ and 黄), and Qt
writes the lower code, the radical, into the font's ToUnicode map: whoever searches 黄浦区 or
copies it gets nothing. The maps are plain text of fixed width, so they are mended in place.
"""

from __future__ import annotations

import re
import unicodedata

# Radicals of U+2E80 to U+2EF3 that share their glyph with a sign in Noto Sans CJK SC.
_SUPPLEMENT = dict(
    zip(
        "⺂⺃⺅⺉⺏⺐⺒⺓⺔⺕⺖⺘⺙⺛⺞⺟⺠⺡⺣⺤⺦⺨⺭⺯⺰⺱⺹⺺⺾⻂⻅⻆⻈⻉⻋⻌⻐⻑⻒⻓⻔⻖⻘⻙⻚⻛⻜⻝⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻮⻯⻰⻱⻲⻳",
        "乛乚亻刂尣尢巳幺彑彐忄扌攵旡歺母民氵灬爫丬犭礻糹纟罓耂肀艹衤见角讠贝车辶钅長镸长门阝青韦页风飞食飠饣马骨鬼鱼鸟卤麦黄黾斉齐齿竜龙龜亀龟",
        strict=True,
    )
)
_KANGXI = {
    chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)
} | {"⼾": "户"}
SIGNS = _SUPPLEMENT | _KANGXI
_MAP = re.compile(rb"beginbfrange.*?endbfrange", re.DOTALL)
_RADICAL = re.compile(rb"<(2[EF][0-9A-F]{2})>", re.IGNORECASE)


def searchable(pdf: bytes) -> bytes:
    """Return `pdf` with radicals in its text maps replaced by their signs; same length."""
    return _MAP.sub(lambda found: _RADICAL.sub(_sign, found[0]), pdf)


def _sign(found: re.Match[bytes]) -> bytes:
    radical = chr(int(found[1], 16))
    return b"<%04X>" % ord(SIGNS.get(radical, radical))
