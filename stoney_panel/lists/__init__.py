"""What every list of the panel has: search, sort and pages in the address. Knows neither machines nor people."""

from stoney_panel.lists.page import Column, ColumnKind, ListKind, ListPage, Pager

__all__ = ["Column", "ColumnKind", "ListKind", "ListPage", "Pager"]
