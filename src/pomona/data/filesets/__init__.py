"""File sets: versioned folders of images, text, audio."""
