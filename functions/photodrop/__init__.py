"""Photodrop's code below the function modules, in levels that know only what is below them.

- `http`: routes, requests' fields, answers, and who is calling. Knows `domain`.
- `domain`: what an upload is, what may happen to it, and who may see it. Knows `aws` and `imaging`.
- `aws`: S3, SQS and the tables.
- `imaging`: what is known of an image from its header, and its thumbnails.

The modules beside these folders are for all of them, and know none. tests/unit/test_levels.py holds
the levels.
"""
