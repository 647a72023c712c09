"""Alembic's entrance: runs migrations on the connection that ``upgrade`` handed over."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["metadata"],
    render_as_batch=True,
    compare_type=True,
    user_module_prefix="pomona.sql.",
)
context.run_migrations()
