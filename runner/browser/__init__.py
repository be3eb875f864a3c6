"""The browser, behind ``runner.driver``: Playwright's pages, what is done to them, and what is seen of them.

``launch`` starts browsers and ``pages`` is one run's; ``perform`` does an action, ``input`` what a person does, and
``observe``, ``picking`` and ``screencast`` look.
"""
