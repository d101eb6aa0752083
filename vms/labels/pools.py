"""Words about pools of virtual machines."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from vms.rules.pools import PoolKind

POOL_KIND: Mapping[PoolKind, Promise] = {
    PoolKind.TEMPLATE: pgettext_lazy("which machines belong to a pool", "VM templates"),
    PoolKind.PERSISTENT: pgettext_lazy("which machines belong to a pool", "persistent VMs"),
    PoolKind.DYNAMIC: pgettext_lazy("which machines belong to a pool", "dynamic VMs"),
}
