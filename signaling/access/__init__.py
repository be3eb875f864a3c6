"""Who asks, and whether they may: credentials, tokens, origins, proxies, rate limits."""
