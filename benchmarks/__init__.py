"""What the panel costs: measured, printed and kept in results.json. Nothing here fails because a machine is slow."""
