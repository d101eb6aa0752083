"""What happens on the nodes, written down and told on. One thread asks each node, one writes for all."""
