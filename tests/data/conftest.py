"""A small database for what users write: queries and conditions."""

import shutil

import duckdb
import pytest


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("secret_place") / "metadata.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE classes AS SELECT i::INT AS class_id, 'class ' || i AS class_name, "
            "CASE WHEN i < 30 THEN 'Greek' ELSE 'Runic' END AS script FROM range(50) t(i)"
        )
        connection.execute(
            "CREATE TABLE instances AS SELECT i::INT AS instance_id, (i % 50)::INT AS class_id, i / 7 AS width "
            "FROM range(5000) t(i)"
        )
    return path


@pytest.fixture
def database(made, tmp_path):
    return shutil.copy(made, tmp_path / "metadata.duckdb")
