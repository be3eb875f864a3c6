"""The browser and the steps.

``session`` flies one run, ``registry`` keeps them all, ``planners`` know the next step, ``browser`` does it.
"""
