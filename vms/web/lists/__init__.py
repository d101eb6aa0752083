from vms.web.lists.page import Column, ColumnKind, ListKind, ListPage, Pager

__all__ = ["Column", "ColumnKind", "ListKind", "ListPage", "Pager"]
