"""The suites are run by a pytest of their own, never collected by this one."""

collect_ignore = ["suites"]
