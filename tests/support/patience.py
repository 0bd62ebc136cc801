"""How long tests wait for what must come."""

PATIENCE_SECONDS = 300
"""Far more than anything takes: a busy machine is slow, and that is no finding."""
