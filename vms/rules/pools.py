"""Pools of virtual machines: what their machines may use, and how many dynamic ones are kept ready."""

from __future__ import annotations

from enum import StrEnum


class PoolKind(StrEnum):
    """Which machines belong to a pool."""

    TEMPLATE = "template"
    PERSISTENT = "persistent"
    DYNAMIC = "dynamic"
