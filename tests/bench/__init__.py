"""What it costs: the fleet beside what a user would otherwise write, and beside the limit of its own parts.

``python -m tests.bench [--quick] [--only enqueue,latency]``; everything on one Redis and one sink.
"""
