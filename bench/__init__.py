"""The figures in the README, each with its peer measured in the same run: ``make bench``."""
