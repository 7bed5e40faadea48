"""What Prometheus is told: one scrape is the whole fleet's truth, since it is read from the ledgers in Redis."""
