"""The store of runs: ``store`` keeps them, ``recorder`` writes one while it goes on, ``retention`` removes old ones."""
