"""Turn a photograph into what a phone held upright would have written: `dandelions.jpg`.

    python make_sample.py seeding_by_Clements_Engelhardt.jpg

Needs Pillow. See README.md for the source.
"""

import sys
from pathlib import Path

from PIL import ExifTags, Image

SIZE = (3024, 4032)  # as displayed: 12 megapixels
CROP_LEFT, CROP_HEIGHT = 640, 2988


def main(source: str) -> None:
    """Write the sample beside this file, from the wallpaper at `source`."""
    photo = Image.open(source).convert("RGB")
    crop_width = CROP_HEIGHT * SIZE[0] // SIZE[1]
    upright = photo.crop((CROP_LEFT, 0, CROP_LEFT + crop_width, CROP_HEIGHT)).resize(SIZE)
    # The sensor lies on its side: the picture is stored so, and the tag says how to show it.
    stored = upright.transpose(Image.Transpose.ROTATE_90)

    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Photodrop"
    exif[ExifTags.Base.Model] = "Sample Camera"
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.IFD.Exif] = {
        ExifTags.Base.DateTimeOriginal: "2024:05:11 20:14:36",
        ExifTags.Base.OffsetTimeOriginal: "+02:00",
        ExifTags.Base.FNumber: 1.8,
        ExifTags.Base.FocalLength: 4.3,
    }
    # The Royal Observatory in Greenwich: a place that is nobody's home.
    exif[ExifTags.IFD.GPSInfo] = {
        ExifTags.GPS.GPSLatitudeRef: "N",
        ExifTags.GPS.GPSLatitude: (51.0, 28.0, 40.0),
        ExifTags.GPS.GPSLongitudeRef: "W",
        ExifTags.GPS.GPSLongitude: (0.0, 0.0, 5.0),
    }
    target = Path(__file__).with_name("dandelions.jpg")
    stored.save(target, quality=84, exif=exif)
    print(f"{target.name}: {stored.width} x {stored.height}, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
