"""How fast a stream captures and encodes: the control loops between the machine, the encoders and the viewers."""
