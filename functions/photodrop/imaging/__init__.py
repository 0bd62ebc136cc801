"""Reading and decoding images and videos.

`formats` reads headers, a few kilobytes each, without third-party code: a new image format begins
with a module there. `images` and `video` decode files for the functions, in the process of
`sandbox`: only that process imports decoders (`image_decoder`, `video_decoder` and their imports).
"""
