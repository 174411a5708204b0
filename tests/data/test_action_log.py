"""The log of actions, on every kind of city."""

from __future__ import annotations

import pytest

from app.domain.actions import check_signed
from app.domain.errors import StorageFailure
from app.domain.identity import new_uid


def test_that_an_action_is_read_back_with_the_bytes_that_were_signed(city, act):
    signed = act(city, new_uid(), words="井盖")
    with city.begin(write=True) as uow:
        uow.actions.append(signed)
        uow.commit()
    with city.begin(write=False) as uow:
        (kept,) = uow.actions.of_subject(signed.action.subject)
    assert kept == signed
    assert check_signed(kept, city.verifier) == signed.action


def test_that_an_action_stored_twice_keeps_its_first_number(city, act):
    signed = act(city, new_uid())
    with city.begin(write=True) as uow:
        first = uow.actions.append(signed)
        second = uow.actions.append(act(city, new_uid()))
        assert uow.actions.append(signed) == first
        assert second == first + 1
        uow.commit()
    with city.begin(write=False) as uow:
        assert uow.actions.has(signed.hash)
        assert not uow.actions.has("0" * 64)
        assert uow.actions.revision() == second


def test_that_since_gives_what_came_later_in_order_and_no_more_than_asked(city, act):
    with city.begin(write=True) as uow:
        start = uow.actions.revision()
        signed = [act(city, new_uid()) for _ in range(5)]
        seqs = [uow.actions.append(one) for one in signed]
        uow.commit()
    with city.begin(write=False) as uow:
        assert uow.actions.since(start, 3) == list(zip(seqs, signed, strict=True))[:3]
        assert uow.actions.since(seqs[2], 99) == list(zip(seqs, signed, strict=True))[3:]
        assert uow.actions.since(seqs[-1], 99) == []


def test_that_a_quarantined_action_is_kept_but_stands_outside_the_state(city, act):
    subject = new_uid()
    good, strange = act(city, subject), act(city, subject, "strange")
    with city.begin(write=True) as uow:
        start = uow.actions.revision()
        uow.actions.append(good)
        uow.actions.append(strange, quarantined=True)
        uow.commit()
    with city.begin(write=False) as uow:
        assert uow.actions.of_subject(subject) == [good]
        assert [one for _, one in uow.actions.since(start, 9)] == [good, strange]


def test_that_nothing_stays_of_a_transaction_that_was_not_committed(city, act):
    signed = act(city, new_uid())
    with city.begin(write=True) as uow:
        uow.actions.append(signed)
    with city.begin(write=False) as uow:
        assert not uow.actions.has(signed.hash)


def test_that_a_transaction_that_fails_leaves_nothing(city, act):
    signed = act(city, new_uid())

    def fail() -> None:
        with city.begin(write=True) as uow:
            uow.actions.append(signed)
            raise RuntimeError("the handler broke")

    with pytest.raises(RuntimeError):
        fail()
    with city.begin(write=False) as uow:
        assert not uow.actions.has(signed.hash)


def test_that_a_reading_transaction_can_write_nothing(city, act):
    signed = act(city, new_uid())

    def write() -> None:
        with city.begin(write=False) as uow:
            uow.actions.append(signed)
            uow.commit()

    with pytest.raises(StorageFailure, match="may not be written"):
        write()


def test_that_a_reader_sees_the_city_as_it_was_when_it_began(city, act):
    with city.begin(write=False) as reader:
        before = reader.actions.revision()
        with city.begin(write=True) as writer:
            writer.actions.append(act(city, new_uid()))
            writer.commit()
        assert reader.actions.revision() == before
    with city.begin(write=False) as reader:
        assert reader.actions.revision() > before


def test_that_the_clock_goes_on_after_the_last_stamp_of_this_device(city, act):
    signed = act(city, new_uid())
    with city.begin(write=True) as uow:
        uow.actions.append(signed)
        uow.commit()
    city.start()
    assert city.clock.tick(0) > signed.action.stamp
