/** What is about to be sent: look it over, and say what it shows, for each or for all. */
import { CircleAlert, Plus, Trash2, Upload } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { Dialog } from "../ui/dialog";
import { DescriptionField, TextField } from "../ui/field";
import { IconButton } from "../ui/icon-button";
import { bytes, plural, problemOfTags, tagsOf } from "../ui/words";
import type { Target } from "./context";
import { contentTypeOf, imageTypeOf, problemOf } from "./files";
import { Preview } from "./preview";

/** A file as it is to be uploaded. */
export interface Draft {
  file: File;
  type: string;
  title: string;
  description: string;
  tags: string[];
  eventId?: string;
}

interface Words {
  title: string;
  description: string;
  tags: string;
}

const NOTHING: Words = { title: "", description: "", tags: "" };

export function Compose(props: {
  files: File[];
  target: Target;
  onMore: () => void;
  onRemove: (file: File) => void;
  onClose: () => void;
  onSend: (drafts: Draft[]) => void;
}) {
  const [words, setWords] = useState<ReadonlyMap<File, Words>>(new Map());
  const [forAll, setForAll] = useState(NOTHING);

  const [isLeaving, setLeaving] = useState(false);
  const main = useRef<HTMLButtonElement>(null);

  // What most people want next, and Enter does it: upload, or go back to what was typed.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each question has a button of its own
  useEffect(() => main.current?.focus({ preventScroll: true }), [isLeaving]);

  const types = useImageTypes(props.files);
  const { good: files, refused } = useMemo(() => sorted(props.files, types), [props.files, types]);
  const tagsFor = (file: File) => tagsOf(`${words.get(file)?.tags ?? ""},${forAll.tags}`);
  const tagProblem = files.map((file) => problemOfTags(tagsFor(file))).find(Boolean);
  const hasWords = [forAll, ...words.values()].some((one) => Object.values(one).some(Boolean));

  /** What was typed is not thrown away by a key, however often it is pressed. */
  function leave() {
    if (hasWords) setLeaving(!isLeaving);
    else props.onClose();
  }

  function change(file: File, part: Partial<Words>) {
    setWords((before) => new Map(before).set(file, { ...(before.get(file) ?? NOTHING), ...part }));
  }

  async function send() {
    if (!files.length || tagProblem) return;
    const found = await imageTypesOf(files);
    props.onSend(
      files.map((file) => {
        const own = words.get(file) ?? NOTHING;
        return {
          file,
          type: found.get(file) ?? contentTypeOf(file) ?? file.type,
          title: own.title.trim(),
          description: own.description.trim() || forAll.description.trim(),
          tags: tagsFor(file),
          eventId: props.target.eventId,
        };
      }),
    );
  }

  return (
    <Dialog title={`Add to ${props.target.name}`} onClose={leave} isWide>
      <form
        className="compose"
        data-drop
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        {refused.length > 0 && (
          <div className="note danger" role="alert">
            <CircleAlert aria-hidden size={18} />
            <ul>
              {refused.map(({ file, problem }) => (
                <li key={keyOf(file)}>
                  <strong>{file.name}</strong> {problem}
                </li>
              ))}
            </ul>
          </div>
        )}
        {files.length > 1 && (
          <fieldset className="for-all">
            <legend className="label">For all files</legend>
            <TextField
              label="Description for all"
              optional
              maxLength={5000}
              value={forAll.description}
              onChange={(description) => setForAll({ ...forAll, description })}
            />
            <TextField
              label="Tags for all"
              hint="Separated by commas"
              optional
              value={forAll.tags}
              onChange={(tags) => setForAll({ ...forAll, tags })}
            />
          </fieldset>
        )}
        {files.length > 0 && (
          <ul className="drafts" aria-label="Files to upload">
            {files.map((file) => (
              <DraftRow
                key={keyOf(file)}
                file={file}
                words={words.get(file) ?? NOTHING}
                onChange={(part) => change(file, part)}
                onRemove={() => props.onRemove(file)}
              />
            ))}
          </ul>
        )}
        <button type="button" className="button quiet add-more" onClick={props.onMore}>
          <Plus aria-hidden size={17} /> Add more
        </button>
        {tagProblem && (
          <p className="field-error" role="alert">
            {tagProblem}
          </p>
        )}
        {isLeaving ? (
          // The keys keep React from making one button of two: "Keep editing" became "Upload", which was clicked then.
          <div key="leaving" className="dialog-actions" role="alert">
            <p>Discard what you typed? Nothing has been uploaded.</p>
            <button ref={main} type="button" className="button" onClick={() => setLeaving(false)}>
              Keep editing
            </button>
            <button type="button" className="button danger" onClick={props.onClose}>
              Discard
            </button>
          </div>
        ) : (
          <div key="sending" className="dialog-actions">
            <button type="button" className="button" onClick={leave}>
              Cancel
            </button>
            <button
              ref={main}
              type="submit"
              className="button primary"
              disabled={!files.length || Boolean(tagProblem)}
            >
              <Upload aria-hidden size={17} />
              {files.length ? `Upload ${plural(files.length, "file")}` : "Upload"}
            </button>
          </div>
        )}
      </form>
    </Dialog>
  );
}

const keyOf = (file: File): string => `${file.name}/${file.size}/${file.lastModified}`;

type Types = ReadonlyMap<File, string | undefined>;

async function imageTypesOf(files: File[]): Promise<Types> {
  return new Map(
    await Promise.all(files.map(async (file) => [file, await imageTypeOf(file)] as const)),
  );
}

/** The types of the files that were looked into so far. */
function useImageTypes(files: File[]): Types {
  const [types, setTypes] = useState<Types>(new Map());
  useEffect(() => {
    let isCurrent = true;
    void imageTypesOf(files).then((found) => isCurrent && setTypes(found));
    return () => {
      isCurrent = false;
    };
  }, [files]);
  return types;
}

function sorted(files: File[], types: Types) {
  const seen = new Set<string>();
  const good: File[] = [];
  const refused: { file: File; problem: string }[] = [];
  for (const file of files) {
    const key = keyOf(file);
    if (seen.has(key)) {
      refused.push({ file, problem: "is in this list already." });
      continue;
    }
    seen.add(key);
    const { name, size } = file;
    const problem = types.has(file)
      ? problemOf({ name, size, type: types.get(file) ?? file.type })
      : undefined;
    if (problem) refused.push({ file, problem });
    else good.push(file);
  }
  return { good, refused };
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
            <DescriptionField
              rows={2}
              optional
              value={words.description}
              onChange={(description) => onChange({ description })}
            />
            <TextField
              label="Tags"
              hint="Separated by commas"
              optional
              value={words.tags}
              onChange={(tags) => onChange({ tags })}
            />
          </div>
        </details>
      </div>
      <IconButton label={`Remove ${file.name}`} onClick={props.onRemove}>
        <Trash2 aria-hidden size={18} />
      </IconButton>
    </li>
  );
}
