"""One of several processes that write one city at once, for `test_two_writers`.

Run as `python tests/data/two_writers.py CITY WRITER COUNT`: waits for a line on standard input,
then files COUNT cases one by one, each with an action, a number and a row.
"""

from __future__ import annotations

import sys
from dataclasses import replace

from app.data.city import now_ms
from app.data.city_folder import open_city
from app.domain.actions import Action, sign_action
from app.domain.cases import CaseState
from app.domain.identity import new_uid
from app.domain.personal import seal
from app.services.changes import CaseRow

ROW = CaseRow(
    uid=new_uid(), receipt="", number="", step="reported", matter="", matter_name="", title="",
    address="", lon=121.47, lat=31.23, grid=None, grid_code="", street=None, district=None,
    unit=None, unit_name="", person=None, person_name="", source="hotline", reported_ms=0,
    due_ms=None, due_clock="", returned=0, reworked=0, auto=False, urgent=False, is_open=True,
    changed_ms=0, closed_ms=None, sample=True,
)  # fmt: skip


def main() -> None:
    """File the cases and print the hash of each action once it is durable."""
    place, writer, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    city = open_city(place)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for number in range(count):
        case = new_uid()
        words = seal(case, "words", f"井盖破损，{writer}的第{number}件")
        with city.begin(write=True) as uow:
            receipt = uow.next_receipt("20261123")
            action = Action(
                new_uid(), case, city.signer.device, city.clock.tick(now_ms()), (), "report", 1,
                uow.rules.current().hash, city.facts.uid, "machine", {"receipt": receipt},
            )  # fmt: skip
            signed = sign_action(action, city.signer)
            uow.actions.append(signed)
            uow.vault.put([words])
            state = CaseState(
                case, receipt, "reported", 0, 0, "hotline", 0, refs={"words": words.key}
            )
            uow.cases.put(replace(ROW, uid=case, receipt=receipt), state, words.value)
            uow.commit()
        sys.stdout.write(f"{signed.hash}\n")
    city.close()


if __name__ == "__main__":
    main()
