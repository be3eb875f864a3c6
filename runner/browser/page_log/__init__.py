"""What pages say by themselves: consoles, uncaught errors, requests, WebSockets."""
