from tests.nodes import empty_nodes, guest, node_directory, nodes

__all__ = ["empty_nodes", "guest", "node_directory", "nodes"]
