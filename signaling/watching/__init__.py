"""Video and pictures for viewers: WHEP and the frame server."""
