/** A thumbnail of another size: choose, get it, take its link along. */
import { useMutation } from "@tanstack/react-query";
import { Check, Copy, ExternalLink, Scaling } from "lucide-react";
import { type FormEvent, useState } from "react";
import { api, data, type Photo } from "../api/client";
import { config } from "../config";
import { nameOf } from "../gallery/name";
import { Field } from "../ui/field";
import { ErrorNote } from "../ui/states";
import { sayError } from "../ui/toasts";
import { atTime } from "../ui/words";

const FORMATS = { webp: "WebP", jpeg: "JPEG", avif: "AVIF" } as const;
type Format = keyof typeof FORMATS;
const DEFAULT = "640";
/** What a deployment makes unless it says otherwise in its configuration. */
const USUAL = ["160", "320", "640", "800", "1024", "1600", "2048"].concat([
  "640x480",
  "800x600",
  "1024x768",
  "1280x720",
  "1920x1080",
]);
const MOST_TRIES = 60;

async function make(photoId: string, res: string, format: Format) {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const answer = await data(
      api().GET("/photos/{photoId}/thumbnail", {
        params: { path: { photoId }, query: { res, format } },
      }),
    );
    if ("url" in answer) return answer;
    // A very large original: made in the background.
    await new Promise((resolve) => setTimeout(resolve, answer.retryAfterSeconds * 1000));
  }
  throw new Error("It takes unusually long. Please try again in a while.");
}

export function ThumbnailMaker({ photo }: { photo: Photo }) {
  const resolutions = config().thumbnailResolutions ?? USUAL;
  const [resolution, setResolution] = useState(
    resolutions.includes(DEFAULT) ? DEFAULT : (resolutions[0] ?? DEFAULT),
  );
  const [format, setFormat] = useState<Format>("webp");
  const thumbnail = useMutation({
    mutationFn: () => make(photo.photoId, resolution, format),
  });
  const made = thumbnail.data;

  function submit(event: FormEvent) {
    event.preventDefault();
    thumbnail.mutate();
  }

  return (
    <section className="panel stack" aria-labelledby="thumbnail-heading">
      <h2 id="thumbnail-heading">
        <Scaling aria-hidden size={18} /> Generate thumbnail
      </h2>
      <form className="thumbnail-form" onSubmit={submit}>
        <Field label="Resolution" hint="Of the longest side, or of a box to fit into">
          <select value={resolution} onChange={(event) => setResolution(event.target.value)}>
            {resolutions.map((one) => (
              <option key={one} value={one}>
                {inWords(one)}
              </option>
            ))}
          </select>
        </Field>
        <Field label="Format">
          <select value={format} onChange={(event) => setFormat(event.target.value as Format)}>
            {Object.entries(FORMATS).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </Field>
        <button type="submit" className="button" disabled={thumbnail.isPending}>
          {thumbnail.isPending ? "Generating…" : "Generate"}
        </button>
      </form>
      <ErrorNote error={thumbnail.error} />
      <div role="status">
        {made && (
          <div className="stack tight">
            <img
              className="thumbnail-result"
              src={made.url}
              width={made.width}
              height={made.height}
              alt={`Thumbnail of ${nameOf(photo)}, ${made.width} by ${made.height} pixels`}
            />
            <p className="small muted">
              {made.width} × {made.height} pixels, {made.contentType}
            </p>
            <LinkToCopy url={made.url} />
            <p className="small muted">The link works until {atTime(made.expiresAt)}.</p>
          </div>
        )}
      </div>
    </section>
  );
}

const inWords = (resolution: string): string => `${resolution.replace("x", " × ")} px`;

function LinkToCopy({ url }: { url: string }) {
  const [isCopied, setCopied] = useState(false);
  async function copy() {
    try {
      await navigator.clipboard.writeText(url);
      setCopied(true);
      setTimeout(() => setCopied(false), 2_000);
    } catch {
      sayError(new Error("The browser did not allow it. Select the link and copy it."));
    }
  }
  return (
    <div className="link-row">
      <input
        readOnly
        aria-label="Link of the thumbnail"
        value={url}
        onFocus={(event) => event.target.select()}
      />
      <button type="button" className="button small" onClick={() => void copy()}>
        {isCopied ? <Check aria-hidden size={15} /> : <Copy aria-hidden size={15} />}
        {isCopied ? "Copied" : "Copy link"}
      </button>
      <a
        className="icon-button"
        href={url}
        target="_blank"
        rel="noreferrer"
        aria-label="Open the thumbnail"
      >
        <ExternalLink aria-hidden size={17} />
      </a>
    </div>
  );
}
