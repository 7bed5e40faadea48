"""The sink: the leanest server that can stand in for all vendors. It believes everything and counts."""
