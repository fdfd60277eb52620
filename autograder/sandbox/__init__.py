"""Student code at arm's length: the wire, the zygote, the worker and what confines it."""
