"""What is known of an image from its headers, and its thumbnails.

`formats` reads a few kilobytes and imports no third party's code. `thumbnails` is the only module
of the service that imports Pillow, so a function that does not import it needs no imaging layer.
"""
