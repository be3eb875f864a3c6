"""Brings a database to the tables that this program knows, by numbered steps (Alembic's revisions)."""
