"""``fleet demo`` and ``fleet up``: a whole fleet on this machine, with stand-ins for the vendors."""
