"""The demo: generated parallel problems, and the recipe of its two small models."""
