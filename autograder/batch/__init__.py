"""Many hand-ins: what is handed in, the engine that grades it, and the store of grades."""
