"""What may be said: actions, commands, events, and the shapes that they carry. The TypeScript types come from here."""
