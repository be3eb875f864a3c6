"""What outlives the process: ``database`` keeps runs, ``recorder`` writes one down while it goes on."""
