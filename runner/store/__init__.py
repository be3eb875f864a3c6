"""What outlives the process: ``store`` keeps runs, ``recorder`` writes one down while it goes on."""
