"""The smallest things a worker does."""
