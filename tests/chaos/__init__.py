"""The chaos suite: what happens to events when processes die, networks break and vendors fail, counted at the vendors.

``python -m tests.chaos --short`` runs every scenario and prints one table; ``docs/guarantees.md`` explains its columns.
"""
