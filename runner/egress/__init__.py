"""The security boundary between a driven page and the network: a SOCKS5 proxy with a policy, one for each browser."""
