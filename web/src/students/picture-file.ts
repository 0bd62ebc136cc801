/** Pictures of people: the service takes JPEG up to 10 MB, so anything else is made into that here. */
const MAX_BYTES = 10 * 1024 * 1024;
const MAX_SIDE = 2_000;
const QUALITY = 0.9;

/** A JPEG that may be sent. Throws an Error in words when the browser cannot read the file. */
export async function toJpeg(file: File): Promise<Blob> {
  if (file.type === "image/jpeg" && file.size <= MAX_BYTES) return file;
  let image: ImageBitmap;
  try {
    image = await createImageBitmap(file);
  } catch {
    throw new Error(`${file.name} is no picture that this browser can read. Please use a JPEG.`);
  }
  const scale = Math.min(1, MAX_SIDE / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(image.width * scale);
  canvas.height = Math.round(image.height * scale);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser cannot convert pictures. Please use a JPEG.");
  context.fillStyle = "#fff"; // what was transparent
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close();
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error("The picture could not be converted."))),
      "image/jpeg",
      QUALITY,
    ),
  );
}
