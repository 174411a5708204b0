"""Reads a whole city and says what in it is damaged: `city check`.

The database engine finds a torn page at best; a flipped bit inside a value it takes for a value.
What was signed can be proved, though: every action by its hash and signature, its place in its
case by its parents, the log's wholeness by the devices' checkpoints, words by their commitments,
photos by their hashes, and the table of cases by folding it anew. The map is not signed: it is
read page by page, and its rows of parts and grids are held to what signed actions made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select

from app.data.case_row import values_of
from app.data.city import SqlCity
from app.data.device_table import public_key_in
from app.data.keys import device_id
from app.data.map_check import damage_of_map
from app.data.map_truth import rows_that_differ
from app.data.tables import action, case_row, device, import_run, ruleset, secret
from app.data.unit_of_work import SqlUnitOfWork
from app.domain.actions import Action, SignedAction, commitment, signed_payload
from app.domain.areas import Whereabouts
from app.domain.checkpoints import CHECKPOINT, NO_ROOT, read_checkpoint, root_of
from app.domain.erasure import photos_of, references
from app.domain.errors import AppError
from app.domain.fold import erased_of, fold, heads
from app.services.sheet import build_row

Progress = Callable[[str, float], None]
FORGED = frozenset({"bytes", "signature", "device", "checkpoint"})
_NOT_FOLDED = frozenset(  # of the map or of the rule set in force, not of the actions
    {"grid_code", "matter_name", "confidence", "urgent", "phase", "rank", "cell", "id"}
)
_BATCH = 500


@dataclass(frozen=True)
class Damage:
    """One thing found wrong: about which case (its number or uid), of what kind, in words."""

    case: str
    kind: str
    what: str


@dataclass
class Checked:
    """What a check counted and found; `waiting` are actions whose parents have not come."""

    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("actions", "cases", "waiting", "apart", "words", "photos", "checkpoints", "imported"),
            0,
        )
    )
    damage: list[Damage] = field(default_factory=list)

    def found(self, case: object, kind: str, what: str) -> None:
        """Note one damage."""
        self.damage.append(Damage(str(case), kind, what))


def check_city(city: SqlCity, progress: Progress, *, mend: bool = False) -> Checked:
    """Read the whole city and return what was found. Takes its time.

    Nothing is changed, unless `mend`: rows of the map that differ from the log are then written
    anew from it, and what still differs is told.

    About 700 actions a second on two busy cores; the city may be in use meanwhile.
    """
    checked = Checked()
    try:
        progress("database", 0.0)
        city.check()
        with city.begin(write=False) as uow:
            _check_devices(uow, checked)
            _check_rules(uow, checked)
            _Cases(city, uow, checked, progress).run()
            _check_imported(uow, checked)
            _check_checkpoints(uow, checked)
    except AppError as error:
        checked.found("", "database", error.message)
    progress("database", 1.0)
    if city.folder is not None:
        progress("map", 0.0)
        for what in damage_of_map(city.folder):
            checked.found("", "map", what)
        progress("map", 1.0)
    try:
        rows = rows_that_differ(city)
        if rows and mend:
            city.edits.redo()
            rows = rows_that_differ(city)
        for code, what in rows:
            checked.found(code, "map", what)
    except AppError as error:
        checked.found("", "map", error.message)
    return checked


def _check_devices(uow: SqlUnitOfWork, checked: Checked) -> None:
    made_known = {one.action.device for one in _of_kind(uow, "device")}
    for name, public in uow.connection.execute(select(device.c.id, device.c.public_key)):
        if device_id(_bytes(public)) != name:
            checked.found("", "device", f"the key of device {name} was altered")
        elif name not in made_known:
            checked.found("", "device", f"no action makes device {name} known")


def _of_kind(uow: SqlUnitOfWork, kind: str) -> Iterator[SignedAction]:
    """Yield the actions of a kind that can be read; `_Cases` tells of the others."""
    columns = (action.c.data, action.c.suite, action.c.signature)
    rows = uow.connection.execute(
        select(*columns).where(action.c.kind == kind).order_by(action.c.seq)
    )
    for row in rows:
        signed = SignedAction(_bytes(row[0]), row[1], _bytes(row[2]))
        try:
            if kind == "device":
                public_key_in(signed)
            elif signed.action.type != kind:
                continue
        except AppError:
            continue
        yield signed


def _check_rules(uow: SqlUnitOfWork, checked: Checked) -> None:
    for (digest,) in uow.connection.execute(select(ruleset.c.hash)).all():
        try:
            uow.rules.get(digest)
        except AppError as error:
            checked.found("", "rules", error.message)


class _Cases:
    """Goes through the log case by case."""

    def __init__(
        self, city: SqlCity, uow: SqlUnitOfWork, checked: Checked, progress: Progress
    ) -> None:
        self._city = city
        self._uow = uow
        self._checked = checked
        self._progress = progress
        self._photos: dict[str, bool] = {}

    def run(self) -> None:
        """Check every action, and every case they make."""
        total = max(1, self._uow.actions.revision())
        wanted = select(action).order_by(action.c.subject, action.c.seq)
        rows = self._uow.connection.execute(wanted.execution_options(yield_per=1_000))
        for subject, some in groupby(rows, key=lambda row: row.subject):
            self._check_subject(subject, list(some))
            self._progress("actions", min(1.0, self._checked.counts["actions"] / total))

    def _check_subject(self, subject: UUID, rows: Sequence[Row[Any]]) -> None:
        counts = self._checked.counts
        name = self._name(subject)
        before = len(self._checked.damage)
        held = [one for row in rows if (one := self._action(row, name)) is not None]
        counts["actions"] += len(rows)
        counts["apart"] += sum(row.status != "ok" for row in rows)
        if len(self._checked.damage) > before:
            return  # what follows would only say the same again
        counting = [
            one.action for one, row in zip(held, rows, strict=True) if row.status != "quarantined"
        ]
        known = {one.hash for one in held}
        counts["waiting"] += sum(not known.issuperset(one.parents) for one in counting)
        self._check_words(name, counting)
        self._check_photos(name, counting)
        self._check_row(subject, name, counting)

    def _action(self, row: Row[Any], name: str) -> SignedAction | None:
        """Return the action of a row if it is what was signed, and note it otherwise."""
        signed = SignedAction(_bytes(row.data), row.suite, _bytes(row.signature))
        where = f"action {row.hash[:12]}… (number {row.seq} of the log)"
        if signed.hash != row.hash:
            self._checked.found(name, "bytes", f"{where} was altered")
            return None
        try:
            one = signed.action
        except AppError:
            self._checked.found(name, "bytes", f"{where} is no action")
            return None
        payload = signed_payload(signed.suite, signed.data)
        if not self._uow.devices.verify(one.device, signed.suite, payload, signed.signature):
            self._checked.found(name, "signature", f"the signature of {where} does not hold")
            return None
        stored = (row.uid, row.subject, row.device, row.hlc, row.kind)
        if stored != (one.uid, one.subject, one.device, str(one.stamp), one.type):
            self._checked.found(name, "columns", f"{where} is filed under what it does not say")
            return None
        return signed

    def _check_words(self, name: str, actions: Sequence[Action]) -> None:
        refs = [ref for one in actions for ref in references(one).values()]
        if not refs:
            return
        gone = {str(key) for key in erased_of(actions, self._uow.rules.get).keys}
        kept = self._values([UUID(ref["key"]) for ref in refs])
        for ref in refs:
            found = kept.get(UUID(ref["key"]))
            if found is None:
                continue
            self._checked.counts["words"] += 1
            if commitment(found[0], found[1]) != ref["commitment"]:
                self._checked.found(name, "words", f"the words {ref['key']} were altered")
            elif ref["key"] in gone:
                self._checked.found(name, "erasure", f"the words {ref['key']} should be erased")

    def _values(self, keys: Sequence[UUID]) -> dict[UUID, tuple[bytes, str]]:
        columns = (secret.c.key, secret.c.salt, secret.c.value)
        found: dict[UUID, tuple[bytes, str]] = {}
        for start in range(0, len(keys), _BATCH):
            some = secret.c.key.in_(keys[start : start + _BATCH])
            wanted = select(*columns).where(some, secret.c.value.is_not(None))
            for key, salt, value in self._uow.connection.execute(wanted):
                found[key] = (_bytes(salt), str(value))
        return found

    def _check_photos(self, name: str, actions: Sequence[Action]) -> None:
        for photo in {photo for one in actions for photo in photos_of(one)}:
            if photo in self._photos or not self._city.blobs.has(photo):
                continue
            self._photos[photo] = True
            self._checked.counts["photos"] += 1
            try:
                self._city.blobs.get(photo)
            except AppError as error:
                self._checked.found(name, "photo", error.message)

    def _check_row(self, subject: UUID, name: str, actions: Sequence[Action]) -> None:
        try:
            state = fold(actions, self._uow.rules.get)
        except AppError as error:
            self._checked.found(name, "rules", error.message)
            return
        if state is None:
            return
        self._checked.counts["cases"] += 1
        stored = self._stored(subject)
        if stored is None:
            self._checked.found(name, "row", "the table of cases lacks it")
            return
        rules = self._uow.rules.current()
        where = Whereabouts(state.lon, state.lat)
        uow: Any = self._uow
        row = build_row(state, where, uow, rules)
        expected = values_of(row, state, rules.step(row.matter, row.step).phase)
        wrong = sorted(
            column
            for column, value in expected.items()
            if column not in _NOT_FOLDED and stored[column] != value
        )
        if wrong:
            what = f"the table of cases differs from its actions in {', '.join(wrong)}"
            self._checked.found(name, "row", what)

    def _stored(self, subject: UUID) -> Mapping[str, Any] | None:
        wanted = select(case_row).where(case_row.c.uid == subject)
        found = self._uow.connection.execute(wanted).mappings().first()
        return dict(found) if found is not None else None

    def _name(self, subject: UUID) -> str:
        wanted = select(case_row.c.number, case_row.c.receipt).where(case_row.c.uid == subject)
        found = self._uow.connection.execute(wanted).first()
        return (found[0] or found[1]) if found else str(subject)


def _check_imported(uow: SqlUnitOfWork, checked: Checked) -> None:
    """Compare the rows without actions of their own with what signed imports brought."""
    own = select(action.c.seq).where(action.c.subject == case_row.c.uid).exists()
    rows = int(
        uow.connection.execute(select(func.count()).select_from(case_row).where(~own)).scalar_one()
    )
    checked.counts["imported"] = rows
    signed = {one.hash: one.action.body for one in _of_kind(uow, "import")}
    brought = 0
    for digest, taken in uow.connection.execute(select(import_run.c.action, import_run.c.taken)):
        body = signed.get(digest)
        if body is None or body.get("taken") != taken:
            checked.found("", "import", f"no signed action says that {taken} cases were imported")
        brought += taken
    if rows != brought:
        what = f"{rows} cases have no actions, but imports brought {brought}"
        checked.found("", "import", what)


def _check_checkpoints(uow: SqlUnitOfWork, checked: Checked) -> None:
    """Hold the log to what the devices signed of it; those of other replicas only in themselves."""
    before: dict[str, tuple[int, str, str]] = {}
    for signed in _of_kind(uow, CHECKPOINT):
        try:
            made = read_checkpoint(signed)
        except (KeyError, TypeError, ValueError):
            checked.found("", "checkpoint", f"checkpoint {signed.hash[:12]}… cannot be read")
            continue
        checked.counts["checkpoints"] += 1
        kept = uow.checkpoints.heads(made)
        if kept is None:
            continue
        after, root, last = before.get(made.device, (0, NO_ROOT, ""))
        before[made.device] = (made.seq, made.root, signed.hash)
        parents = (last,) if last else ()
        if (made.after, made.previous, signed.action.parents) != (after, root, parents):
            checked.found(
                "", "checkpoint", f"a checkpoint of {made.device} before {made.day} is gone"
            )
            continue
        now = _heads_between(uow, made.after, made.seq)
        if root_of(made.previous, now) == made.root:
            continue
        changed = [one for one in {*kept, *now} if set(kept.get(one, ())) != set(now.get(one, ()))]
        for subject in sorted(changed):
            what = f"it is not what {made.device} signed on {made.day}: actions are gone or added"
            checked.found(_name_of(uow, subject), "checkpoint", what)
        if not changed:
            checked.found("", "checkpoint", f"the checkpoint of {made.day} does not hold")


def _heads_between(uow: SqlUnitOfWork, after: int, upto: int) -> dict[UUID, tuple[str, ...]]:
    touched = select(action.c.subject).where(action.c.seq > after, action.c.seq <= upto).distinct()
    wanted = select(action.c.subject, action.c.data).where(
        action.c.subject.in_(touched), action.c.seq <= upto
    )
    found: dict[UUID, list[Action]] = {}
    for subject, data in uow.connection.execute(wanted):
        try:
            found.setdefault(subject, []).append(SignedAction(_bytes(data), "", b"").action)
        except AppError:  # told already, as damaged
            continue
    return {subject: heads(many) for subject, many in found.items()}


def _name_of(uow: SqlUnitOfWork, subject: UUID) -> str:
    row = uow.cases.row(subject)
    return str(subject) if row is None else row.number or row.receipt


def _bytes(value: Any) -> bytes:
    """Return stored bytes; SQLite may give anything else where its own marks were altered."""
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else b""
