"""What a model's responses are worth: their numbers, their language, their accuracy."""
