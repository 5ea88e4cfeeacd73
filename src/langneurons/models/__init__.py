"""Load decoder-only checkpoints, find their MLPs by structure, and look into them."""
