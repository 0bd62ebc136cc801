/** What is about to be sent: look it over, and say what it shows, for each or for all. */
import { CircleAlert, Film, ImageIcon, Plus, Trash2, Upload } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { Dialog } from "../ui/dialog";
import { Field } from "../ui/field";
import { useObjectUrl } from "../ui/object-url";
import { bytes, plural, tagsOf } from "../ui/words";
import type { Target } from "./area";
import type { Draft } from "./engine";
import { contentTypeOf, problemOf } from "./files";

const MAX_TAGS = 20;
const MAX_TAG = 50;

interface Words {
  title: string;
  description: string;
  tags: string;
}

const NOTHING: Words = { title: "", description: "", tags: "" };

export default function Compose(props: {
  files: File[];
  target: Target;
  onMore: () => void;
  onClose: () => void;
  onSend: (drafts: Draft[]) => void;
}) {
  const [removed, setRemoved] = useState<ReadonlySet<File>>(new Set());
  const [words, setWords] = useState<ReadonlyMap<File, Words>>(new Map());
  const [forAll, setForAll] = useState(NOTHING);

  const { good, refused } = useMemo(() => sorted(props.files), [props.files]);
  const files = good.filter((file) => !removed.has(file));
  const tagProblem = [forAll, ...files.map((file) => words.get(file) ?? NOTHING)]
    .map(({ tags }) => problemOfTags(tags))
    .find(Boolean);

  function change(file: File, part: Partial<Words>) {
    setWords((before) => new Map(before).set(file, { ...(before.get(file) ?? NOTHING), ...part }));
  }

  function send() {
    if (!files.length || tagProblem) return;
    props.onSend(
      files.map((file) => {
        const own = words.get(file) ?? NOTHING;
        return {
          file,
          title: own.title.trim(),
          description: own.description.trim() || forAll.description.trim(),
          tags: [...new Set([...tagsOf(own.tags), ...tagsOf(forAll.tags)])].slice(0, MAX_TAGS),
          eventId: props.target.eventId,
        };
      }),
    );
  }

  return (
    <Dialog title={`Add to ${props.target.name}`} onClose={props.onClose} isWide>
      <form
        className="compose"
        data-drop
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        {refused.length > 0 && (
          <div className="note danger" role="alert">
            <CircleAlert aria-hidden size={18} />
            <ul>
              {refused.map(({ file, problem }) => (
                <li key={file.name}>
                  <strong>{file.name}</strong> {problem}
                </li>
              ))}
            </ul>
          </div>
        )}
        {files.length > 0 && (
          <ul className="drafts" aria-label="Files to upload">
            {files.map((file) => (
              <DraftRow
                key={`${file.name}/${file.size}/${file.lastModified}`}
                file={file}
                words={words.get(file) ?? NOTHING}
                onChange={(part) => change(file, part)}
                onRemove={() => setRemoved((before) => new Set(before).add(file))}
              />
            ))}
          </ul>
        )}
        <button type="button" className="button quiet add-more" onClick={props.onMore}>
          <Plus aria-hidden size={17} /> Add more
        </button>
        {files.length > 1 && (
          <fieldset className="for-all">
            <legend className="label">For all of them</legend>
            <Field label="Description for all" optional>
              <input
                maxLength={5000}
                value={forAll.description}
                onChange={(event) => setForAll({ ...forAll, description: event.target.value })}
              />
            </Field>
            <Field label="Tags for all" hint="Separated by commas" optional>
              <input
                value={forAll.tags}
                onChange={(event) => setForAll({ ...forAll, tags: event.target.value })}
              />
            </Field>
          </fieldset>
        )}
        {tagProblem && (
          <p className="field-error" role="alert">
            {tagProblem}
          </p>
        )}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={props.onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={!files.length}>
            <Upload aria-hidden size={17} />
            {files.length ? `Upload ${plural(files.length, "file")}` : "Upload"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function sorted(files: File[]) {
  const seen = new Set<string>();
  const good: File[] = [];
  const refused: { file: File; problem: string }[] = [];
  for (const file of files) {
    const key = `${file.name}/${file.size}/${file.lastModified}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const problem = problemOf(file);
    if (problem) refused.push({ file, problem });
    else good.push(file);
  }
  return { good, refused };
}

function problemOfTags(text: string): string | undefined {
  const tags = tagsOf(text);
  if (tags.length > MAX_TAGS) return `At most ${MAX_TAGS} tags, please.`;
  const long = tags.find((tag) => tag.length > MAX_TAG);
  return long && `“${long.slice(0, 20)}…” is too long for a tag: ${MAX_TAG} characters at most.`;
}

function DraftRow(props: {
  file: File;
  words: Words;
  onChange: (part: Partial<Words>) => void;
  onRemove: () => void;
}) {
  const { file, words, onChange } = props;
  return (
    <li className="draft">
      <Preview blob={file} type={contentTypeOf(file) ?? ""} />
      <div className="draft-words">
        <input
          aria-label={`Title of ${file.name}`}
          placeholder="Title"
          maxLength={200}
          value={words.title}
          onChange={(event) => onChange({ title: event.target.value })}
        />
        <p className="draft-file">
          {file.name} · {bytes(file.size)}
        </p>
        <details>
          <summary>Description and tags</summary>
          <div className="draft-more">
            <Field label="Description" optional>
              <textarea
                rows={2}
                maxLength={5000}
                value={words.description}
                onChange={(event) => onChange({ description: event.target.value })}
              />
            </Field>
            <Field label="Tags" hint="Separated by commas" optional>
              <input
                value={words.tags}
                onChange={(event) => onChange({ tags: event.target.value })}
              />
            </Field>
          </div>
        </details>
      </div>
      <button
        type="button"
        className="icon-button"
        aria-label={`Remove ${file.name}`}
        onClick={props.onRemove}
      >
        <Trash2 aria-hidden size={18} />
      </button>
    </li>
  );
}

/** A small picture of a file that is still on this device. */
export function Preview({ blob, type }: { blob: Blob | undefined; type: string }) {
  const url = useObjectUrl(blob);
  const [isShown, setShown] = useState(true);
  useEffect(() => setShown(Boolean(url)), [url]);

  const isVideo = type.startsWith("video/");
  return (
    <div className="preview">
      {url && isShown && !isVideo ? (
        // Formats that this browser does not show (HEIC, TIFF) get the symbol.
        <img src={url} alt="" onError={() => setShown(false)} />
      ) : isVideo ? (
        <Film aria-hidden size={22} />
      ) : (
        <ImageIcon aria-hidden size={22} />
      )}
    </div>
  );
}
