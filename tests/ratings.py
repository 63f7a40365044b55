"""Ratings that were made up so that one knows what is in them: users with a taste for kinds of things, and kinds that are known."""

import numpy as np
import pandas as pd

from metadash.data.dataset import Dataset, Source
from metadash.data.ratings.tables import RatingTables, write_ratings
from metadash.workspace import Workspace

USERS, ITEMS, EACH = 40, 60, 20
KINDS = ("red", "green", "blue")


def made_up(seed: int = 0, taste: float = 1.0, users: int = USERS) -> RatingTables:
    """Every user likes one kind more and another less, by ``taste`` stars; the column ``weight`` says nothing."""
    generator = np.random.default_rng(seed)
    kind = generator.integers(0, len(KINDS), ITEMS)
    likes = taste * generator.permuted(np.tile([1.0, 0.0, -1.0], (users, 1)), axis=1)
    quality, mood = 0.5 * generator.normal(size=ITEMS), 0.5 * generator.normal(size=users)
    user = np.repeat(np.arange(users), EACH)
    item = np.concatenate([generator.choice(ITEMS, EACH, replace=False) for _ in range(users)])
    value = 3 + quality[item] + mood[user] + likes[user, kind[item]] + 0.4 * generator.normal(size=len(user))
    ratings = pd.DataFrame(
        {
            "user": [f"u{u:02d}" for u in user],
            "item": [f"i{i:02d}" for i in item],
            "value": np.clip(np.round(2 * value) / 2, 0.5, 5),
            "time": pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(generator.permutation(len(user)), unit="min"),
        }
    )
    index = [f"i{i:02d}" for i in range(ITEMS)]
    items = pd.DataFrame({"kind": np.array(KINDS)[kind], "weight": generator.normal(size=ITEMS)}, index=index)
    people = pd.DataFrame({"age": generator.integers(18, 70, users)}, index=[f"u{u:02d}" for u in range(users)])
    return RatingTables(
        ratings,
        items,
        pd.Series([f"thing {i}" for i in range(ITEMS)], index=index),
        people,
        (Source("kind", "class", ("kind",)), Source("weight", "class", ("weight",))),
        (Source("age", "task", ("age",), sensitive=True),),
    )


def write_made_up(workspace: Workspace, name: str = "things", tables: RatingTables | None = None) -> Dataset:
    return write_ratings(
        workspace, made_up() if tables is None else tables, name=name, title="Things that users rated", item_noun="thing"
    )
