"""Who asks: one module a way to know it, and the one place that puts them together."""
