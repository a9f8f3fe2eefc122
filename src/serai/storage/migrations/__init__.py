"""Migrations. To change the schema: change `tables.py`, add a file under `versions/` that says how to get there and
back (its `down_revision` is the newest one until now), set `schema.REVISION`, and add the new step to
`tests/unit/storage/test_migrations.py`. A revision that was released is never edited."""
