import { type FormEvent, useState } from "react";
import type { Photo } from "../api/client";
import { useDeletePhoto, useEditPhoto } from "../api/photos";
import { nameOf } from "../gallery/name";
import { Dialog } from "../ui/dialog";
import { Field } from "../ui/field";
import { ErrorNote } from "../ui/states";
import { say } from "../ui/toasts";
import { problemOfTags, tagsOf } from "../ui/words";

export function EditPhotoDialog({ photo, onClose }: { photo: Photo; onClose: () => void }) {
  const edit = useEditPhoto(photo.photoId);
  const [title, setTitle] = useState(photo.title ?? "");
  const [description, setDescription] = useState(photo.description ?? "");
  const [tags, setTags] = useState(photo.tags.join(", "));
  const tagProblem = problemOfTags(tagsOf(tags));

  function submit(event: FormEvent) {
    event.preventDefault();
    edit.mutate(
      {
        title: title.trim() || null,
        description: description.trim() || null,
        tags: tagsOf(tags),
      },
      {
        onSuccess: () => {
          say("Saved");
          onClose();
        },
      },
    );
  }

  return (
    <Dialog title="Edit photo" onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <Field label="Title">
          <input
            maxLength={200}
            value={title}
            placeholder={photo.fileName}
            onChange={(event) => setTitle(event.target.value)}
          />
        </Field>
        <Field label="Description">
          <textarea
            rows={4}
            maxLength={5000}
            value={description}
            onChange={(event) => setDescription(event.target.value)}
          />
        </Field>
        <Field label="Tags" hint="Separated by commas" error={tagProblem}>
          <input value={tags} onChange={(event) => setTags(event.target.value)} />
        </Field>
        <ErrorNote error={edit.error} />
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className="button primary"
            disabled={edit.isPending || Boolean(tagProblem)}
          >
            {edit.isPending ? "Saving…" : "Save"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function DeletePhotoDialog(props: {
  photo: Photo;
  onClose: () => void;
  onDeleted: () => void;
}) {
  const remove = useDeletePhoto();
  const { photo, onClose, onDeleted } = props;
  return (
    <Dialog title="Delete permanently?" onClose={onClose}>
      <div className="stack">
        <p>
          “{nameOf(photo)}” and all its thumbnails will be deleted. This can’t be undone.
          {photo.eventId && " Nobody at the event will see it any more."}
        </p>
        <ErrorNote error={remove.error} />
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="button"
            className="button danger primary"
            disabled={remove.isPending}
            onClick={() =>
              remove.mutate(photo.photoId, {
                onSuccess: () => {
                  say("Deleted");
                  onClose();
                  onDeleted();
                },
              })
            }
          >
            {remove.isPending ? "Deleting…" : "Delete"}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
