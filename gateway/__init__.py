"""Signal Fleet's HTTP door: producers in any language, and those who look after the fleet."""
