"""The README's pictures of the browser app."""
