"""Strict local stand-ins for the vendors: what they would answer, over real sockets, in one process.

Written from the vendors' documentation and never from our own connectors, which they are the independent check of.
A vendor is one file with a ``Vendor`` in it; being there is enough to be served. ``server`` says how to start it.
"""
