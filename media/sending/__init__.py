"""From encoded frames to one peer: RTP packets, repairs, and what the receiver reports. ``sender`` puts it together."""
