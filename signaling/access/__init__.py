"""Who may use the server, and how often.

``authentication`` checks credentials and lets a request through to a run; ``share_tokens`` mints and reads share links;
``origins`` checks Origin and Host and answers CORS; ``proxies`` reads the headers of trusted proxies; ``rate`` says how
often something may be done, and ``rate_limits`` counts it by credential and by client address.
"""
