"""Recordings: the frames of the shared encoder as files on disk, and as one MP4 for whoever asks, not encoded again."""
