"""Who is accountable: grid, post, unit, person, by shift; lead and fallback units."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """The roles of grid management."""

    SUPERVISOR = "supervisor"  # 网格监督员: finds and checks
    HANDLER = "handler"  # 处置人员: mends
    INTAKE = "intake"  # 受理员: takes in
    DISPATCHER = "dispatcher"  # 派遣员: sends
    SHIFT_LEAD = "shift_lead"  # 值班长: leads the shift
    UNIT_LEADER = "unit_leader"  # 部门负责人: answers for a handling unit
    DUTY_LEADER = "duty_leader"  # 带班领导: answers for it
    MACHINE = "machine"  # the stated rules, acting by themselves


@dataclass(frozen=True)
class Unit:
    """A handling unit 处置部门: a trade department's arm or a street's own team."""

    uid: UUID
    name: str
    kind: str  # matches `Matter.lead`, such as "road" or "sanitation"; "fallback" 兜底
    area: UUID  # district or street it serves
    phone: str = ""


@dataclass(frozen=True)
class Person:
    """A person on the rolls. Contact data live in the vault, not here."""

    uid: UUID
    name: str
    unit: UUID
    role: Role


@dataclass(frozen=True)
class Shift:
    """Working hours in local time; `end` before `start` runs over midnight."""

    code: str
    name: str
    start: time
    end: time

    def holds(self, at: time) -> bool:
        """Tell whether local time `at` lies in the shift (start inclusive, end exclusive)."""
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


@dataclass(frozen=True)
class Duty:
    """A post 岗位: which unit covers which area for which trade, and who stands in each shift."""

    uid: UUID
    name: str
    unit: UUID
    area: UUID  # street, duty grid or district
    kind: str
    person_by_shift: dict[str, UUID] = field(default_factory=dict)


@dataclass(frozen=True)
class Accountable:
    """Exactly one answer to: who, for this grid, matter and minute? With the reasons why."""

    unit: Unit
    post: Duty
    person: Person
    shift: Shift
    at: datetime
    reasons: tuple[str, ...]
