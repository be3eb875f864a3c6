"""One picture at a time: JPEG in, H.264 or VP8 out."""
