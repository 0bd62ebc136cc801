"""What is known of an image from its headers, and its thumbnails.

`formats` reads a few kilobytes and imports no third party's code. Functions have files decoded by
`images` and `video`, in a `sandbox`: a process of its own, the only one that imports the decoders
(`image_decoder`, `video_decoder` and what these import).
"""
