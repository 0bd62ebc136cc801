"""The code behind the function modules, in levels. Each level knows only those below it.

- `http`: routes, requests' fields, answers, and who is calling. Knows `domain`.
- `domain`: uploads, photos, events and students, and who may do what. Knows `aws` and `imaging`.
- `aws`: S3, SQS and the tables.
- `imaging`: reads headers of images and videos, decodes them, and makes thumbnails.

Every level may use the modules beside these folders, which use none of the levels.
docs/architecture.md says what is where; tests/unit/test_levels.py checks the imports.
"""

import gc

gc.set_threshold(50_000)
"""Python looks for garbage each time this many objects were made since the last time. Its own 2,000
make it look a hundred times while a function starts and drops nothing: a tenth of the start."""
