"""The soak: runs and viewers come and go while faults are injected; nothing may be lost, nothing may stay behind."""
