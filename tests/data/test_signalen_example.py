"""What Signalen's public model of states can say, a workflow of ours can say, and no more.

The tables are facts of Amsterdam/signals (`ALLOWED_STATUS_CHANGES`, 2022), typed anew.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from app.data.rules_seed import read_matters, seed_rules
from app.domain.rules import parse_rules
from app.domain.workflow import CREATE, parse_workflow

EXAMPLE = Path(__file__).parents[2] / "resources/examples/signalen"
STEPS = {
    "GEMELD": "reported",
    "AFWACHTING": "awaiting",
    "BEHANDELING": "in_hand",
    "INGEPLAND": "planned",
    "TE_VERZENDEN": "to_send",
    "VERZONDEN": "sent",
    "VERZENDEN_MISLUKT": "not_sent",
    "AFGEHANDELD_EXTERN": "done_outside",
    "AFGEHANDELD": "done",
    "GEANNULEERD": "cancelled",
    "HEROPEND": "reopened",
    "VERZOEK_AF": "finish_asked",
    "VERZOEK_HEROPENEN": "reopen_asked",
    "REACTIE_GEVRAAGD": "answer_asked",
    "REACTIE_ONTVANGEN": "answered",
    "DOORGEZET": "passed_on",
}
ALLOWED = {
    "GEMELD": "GEMELD AFWACHTING BEHANDELING TE_VERZENDEN AFGEHANDELD GEANNULEERD INGEPLAND "
    "REACTIE_GEVRAAGD DOORGEZET",
    "AFWACHTING": "GEMELD AFWACHTING INGEPLAND VERZOEK_AF AFGEHANDELD TE_VERZENDEN BEHANDELING "
    "GEANNULEERD REACTIE_GEVRAAGD DOORGEZET",
    "BEHANDELING": "GEMELD INGEPLAND BEHANDELING AFGEHANDELD GEANNULEERD TE_VERZENDEN VERZOEK_AF "
    "REACTIE_GEVRAAGD DOORGEZET",
    "INGEPLAND": "GEMELD INGEPLAND BEHANDELING AFGEHANDELD GEANNULEERD VERZOEK_AF REACTIE_GEVRAAGD "
    "DOORGEZET",
    "TE_VERZENDEN": "VERZONDEN VERZENDEN_MISLUKT GEANNULEERD",
    "VERZONDEN": "AFGEHANDELD_EXTERN AFGEHANDELD GEANNULEERD",
    "VERZENDEN_MISLUKT": "GEMELD TE_VERZENDEN GEANNULEERD",
    "AFGEHANDELD_EXTERN": "AFGEHANDELD GEANNULEERD BEHANDELING",
    "AFGEHANDELD": "HEROPEND VERZOEK_HEROPENEN",
    "GEANNULEERD": "GEANNULEERD HEROPEND BEHANDELING",
    "HEROPEND": "HEROPEND BEHANDELING AFGEHANDELD GEANNULEERD TE_VERZENDEN GEMELD "
    "REACTIE_GEVRAAGD DOORGEZET",
    "VERZOEK_AF": "GEMELD VERZOEK_AF AFWACHTING AFGEHANDELD GEANNULEERD BEHANDELING DOORGEZET",
    "VERZOEK_HEROPENEN": "AFGEHANDELD HEROPEND GEANNULEERD",
    "REACTIE_GEVRAAGD": "GEMELD AFWACHTING BEHANDELING INGEPLAND AFGEHANDELD GEANNULEERD "
    "REACTIE_GEVRAAGD REACTIE_ONTVANGEN TE_VERZENDEN DOORGEZET",
    "REACTIE_ONTVANGEN": "GEMELD AFWACHTING BEHANDELING AFGEHANDELD GEANNULEERD INGEPLAND "
    "REACTIE_GEVRAAGD TE_VERZENDEN DOORGEZET",
    "DOORGEZET": "VERZOEK_AF GEMELD AFWACHTING BEHANDELING DOORGEZET INGEPLAND AFGEHANDELD "
    "GEANNULEERD REACTIE_GEVRAAGD REACTIE_ONTVANGEN TE_VERZENDEN",
}


@pytest.fixture(scope="module")
def workflow():
    return parse_workflow(tomllib.loads((EXAMPLE / "workflow.toml").read_text("utf-8")))


def test_that_each_state_of_signalen_is_a_step_and_each_step_a_state(workflow):
    assert set(workflow.steps) == set(STEPS.values())
    assert {name for name, step in workflow.steps.items() if not step.open} == {
        STEPS["AFGEHANDELD"], STEPS["GEANNULEERD"],
    }  # fmt: skip
    assert workflow.moves[CREATE].target == STEPS["GEMELD"]


def test_that_each_change_it_allows_is_a_move_and_each_move_a_change(workflow):
    theirs = {(STEPS[a], STEPS[b]) for a, allowed in ALLOWED.items() for b in allowed.split()}
    ours = {(a, move.target) for move in workflow.moves.values() for a in move.sources}
    assert ours == theirs


def test_that_its_categories_are_a_tree_of_ours_in_one_rule_set():
    raw = seed_rules()
    raw["matters"] = read_matters(EXAMPLE / "matters.csv")
    raw["workflow"] = tomllib.loads((EXAMPLE / "workflow.toml").read_text("utf-8"))
    book = parse_rules(raw)
    assert len([one for one in book.matters if not one.parent]) >= 9
    assert all("handling" in one.limits for one in book.matters.leaves)
