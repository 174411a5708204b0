"""Days off and make-up days of 2019 to 2026, typed from the notices of the State Council's office.

国务院办公厅关于…年部分节假日安排的通知, each range and date as its notice says it; a later notice
replaces a line of an earlier one where a comment says so. Nothing here comes from a library.
"""

from __future__ import annotations

from datetime import date, timedelta

# (year of the first day, "month.day-month.day" off, "month.day …" worked)
NOTICES: dict[int, list[tuple[str, str]]] = {
    2019: [  # 国办发明电〔2018〕15号
        ("2018.12.30-2019.1.1", "2018.12.29"),
        ("2.4-2.10", "2.2 2.3"),
        ("4.5-4.7", ""),
        ("5.1-5.4", "4.28 5.5"),  # 国办发明电〔2019〕3号 of 22 March 2019, instead of 5.1 alone
        ("6.7-6.9", ""),
        ("9.13-9.15", ""),
        ("10.1-10.7", "9.29 10.12"),
    ],
    2020: [  # 国办发明电〔2019〕16号
        ("1.1-1.1", ""),
        # 1.24-1.30 with 1.19 and 2.1 worked, until 国办发明电〔2020〕1号 of 27 January 2020 let
        # the holiday last to 2 February: 31 January is off, and 1 February is not worked
        ("1.24-2.2", "1.19"),
        ("4.4-4.6", ""),
        ("5.1-5.5", "4.26 5.9"),
        ("6.25-6.27", "6.28"),
        ("10.1-10.8", "9.27 10.10"),
    ],
    2021: [  # 国办发明电〔2020〕27号
        ("1.1-1.3", ""),
        ("2.11-2.17", "2.7 2.20"),
        ("4.3-4.5", ""),
        ("5.1-5.5", "4.25 5.8"),
        ("6.12-6.14", ""),
        ("9.19-9.21", "9.18"),
        ("10.1-10.7", "9.26 10.9"),
    ],
    2022: [  # 国办发明电〔2021〕11号
        ("1.1-1.3", ""),
        ("1.31-2.6", "1.29 1.30"),
        ("4.3-4.5", "4.2"),
        ("4.30-5.4", "4.24 5.7"),
        ("6.3-6.5", ""),
        ("9.10-9.12", ""),
        ("10.1-10.7", "10.8 10.9"),
    ],
    2023: [  # 国办发明电〔2022〕16号
        ("2022.12.31-2023.1.2", ""),
        ("1.21-1.27", "1.28 1.29"),
        ("4.5-4.5", ""),
        ("4.29-5.3", "4.23 5.6"),
        ("6.22-6.24", "6.25"),
        ("9.29-10.6", "10.7 10.8"),
    ],
    2024: [  # 国办发明电〔2023〕7号
        ("1.1-1.1", ""),
        ("2.10-2.17", "2.4 2.18"),
        ("4.4-4.6", "4.7"),
        ("5.1-5.5", "4.28 5.11"),
        ("6.10-6.10", ""),
        ("9.15-9.17", "9.14"),
        ("10.1-10.7", "9.29 10.12"),
    ],
    2025: [  # 国办发明电〔2024〕12号
        ("1.1-1.1", ""),
        ("1.28-2.4", "1.26 2.8"),
        ("4.4-4.6", ""),
        ("5.1-5.5", "4.27"),
        ("5.31-6.2", ""),
        ("10.1-10.8", "9.28 10.11"),
    ],
    2026: [  # 国办发明电〔2025〕7号
        ("1.1-1.3", "1.4"),
        ("2.15-2.23", "2.14 2.28"),
        ("4.4-4.6", ""),
        ("5.1-5.5", "5.9"),
        ("6.19-6.21", ""),
        ("9.25-9.27", ""),
        ("10.1-10.7", "9.20 10.10"),
    ],
}


def days_off() -> set[date]:
    """Return every day that a notice names as off, weekends among them."""
    found: set[date] = set()
    for year, lines in NOTICES.items():
        for span, _ in lines:
            first, last = (_day(year, text) for text in span.split("-"))
            found |= {first + timedelta(days=n) for n in range((last - first).days + 1)}
    return found


def days_made_up() -> set[date]:
    """Return every weekend day that a notice names as worked."""
    return {
        _day(year, text)
        for year, lines in NOTICES.items()
        for _, worked in lines
        for text in worked.split()
    }


def _day(year: int, text: str) -> date:
    numbers = [int(part) for part in text.split(".")]
    return date(*numbers) if len(numbers) == 3 else date(year, *numbers)
