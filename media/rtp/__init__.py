"""RTP without I/O: payloads, packets, pacing, retransmission, and the estimate of a path's bandwidth."""
