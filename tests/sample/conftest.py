"""One sample city for all tests of this folder: it takes some seconds to build."""

from dataclasses import dataclass

import pyarrow as pa
import pytest

from app.sample.build import build_city
from app.sample.tables import CityTables


@dataclass(frozen=True)
class Built:
    """A city with its tables read once."""

    city: CityTables
    tables: dict[str, pa.Table]

    def tier(self, name: str) -> pa.Table:
        """Return the areas of one tier."""
        areas = self.tables["area"]
        return areas.filter(pa.compute.equal(areas["tier"], name))


def read(city: CityTables) -> Built:
    """Read all batches of a city."""
    return Built(city, {k: pa.Table.from_batches(list(v)) for k, v in city.tables.items()})


@pytest.fixture(scope="session")
def shanghai() -> Built:
    """The sample city of Shanghai, seed 7."""
    return read(build_city("sample", 7))
