"""Actions: canonical bytes, hashes, signatures; a forged or altered one is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.actions import (
    SignedAction,
    canonical_bytes,
    check_signed,
    commitment,
    parse_action,
    sign_action,
)
from app.domain.bodies import check_body
from app.domain.errors import AppError, Forged, InvalidInput

plain = st.recursive(
    st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), plain))
def test_that_canonical_bytes_do_not_depend_on_the_order_of_keys(value):
    turned = dict(reversed(list(value.items())))
    assert canonical_bytes(value) == canonical_bytes(turned)
    assert json.loads(canonical_bytes(value)) == value


@pytest.mark.parametrize("bad", [1.5, None, b"x", {1: "a"}, "\ud800", 2**60])
def test_that_what_has_no_one_form_cannot_stand_in_an_action(bad):
    with pytest.raises(InvalidInput):
        canonical_bytes({"body": bad})


def test_that_an_action_survives_the_way_to_bytes_and_back(report):
    again = parse_action(report.canonical)
    assert again == report
    assert again.hash == report.hash


def test_that_a_good_signature_holds(report, signer):
    assert check_signed(sign_action(report, signer), signer) == report


@given(data=st.data())
def test_that_an_altered_byte_is_found_out(data, report_signed, hmac_signer):
    signed = report_signed
    place = data.draw(st.integers(0, len(signed.data) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda b: b != signed.data[place]))
    forged = bytearray(signed.data)
    forged[place] = other
    with pytest.raises(Forged):
        check_signed(SignedAction(bytes(forged), signed.suite, signed.signature), hmac_signer)


def test_that_a_signature_of_another_device_is_refused(write, report_signed, hmac_signer):
    other = write("report", [], device="dev-b", lon_e7=1, lat_e7=1)
    with pytest.raises(Forged):
        sign_action(other, hmac_signer)
    swapped = SignedAction(other.canonical, "hmac-test", report_signed.signature)
    with pytest.raises(Forged):
        check_signed(swapped, hmac_signer)


def test_that_json_with_other_spacing_is_no_action(report):
    loose = json.dumps(json.loads(report.canonical)).encode()
    with pytest.raises(Forged):
        parse_action(loose)


@given(st.binary(max_size=400))
def test_that_rubbish_is_refused_and_never_crashes(data):
    with pytest.raises(Forged):
        parse_action(data)


def test_that_a_commitment_hides_the_value_and_binds_it():
    assert commitment(b"salt", "张三") != commitment(b"pepper", "张三")
    assert commitment(b"salt", "张三") == commitment(b"salt", "张三")


@pytest.mark.parametrize(
    "body",
    [
        {"lon_e7": 1.0, "lat_e7": 1},
        {"lon_e7": 99 * 10**9, "lat_e7": 1},
        {"lon_e7": True, "lat_e7": 1},
        {"unit": "no uid"},
        {"photos": "ab"},
        {"photos": ["x" * 500]},
        {"refs": {"words": "free words"}},
        {"refs": {"words": {"key": "1", "commitment": "0"}}},
        {"auto": "yes"},
        {"at_ms": -5},
        {"matter": ["0110"]},
    ],
)
def test_that_a_body_of_a_wrong_form_is_named(write, body):
    with pytest.raises(AppError) as caught:
        check_body(write("report", [], **body))
    assert caught.value.field
