import { useState } from "react";
import type { Photo } from "../api/client";
import { useDeletePhoto, useEditPhoto } from "../api/photos";
import { nameOf } from "../gallery/name";
import { DeleteDialog } from "../ui/delete-dialog";
import { DescriptionField, TextField } from "../ui/field";
import { FormDialog } from "../ui/form-dialog";
import { say } from "../ui/toasts";
import { problemOfTags, tagsOf } from "../ui/words";

export function EditPhotoDialog({ photo, onClose }: { photo: Photo; onClose: () => void }) {
  const edit = useEditPhoto(photo.photoId);
  const [title, setTitle] = useState(photo.title ?? "");
  const [description, setDescription] = useState(photo.description ?? "");
  const [tags, setTags] = useState(photo.tags.join(", "));
  const tagProblem = problemOfTags(tagsOf(tags));

  function save() {
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
    <FormDialog
      title="Edit photo"
      isSaving={edit.isPending}
      isInvalid={Boolean(tagProblem)}
      error={edit.error}
      onSave={save}
      onClose={onClose}
    >
      <TextField
        label="Title"
        maxLength={200}
        placeholder={photo.fileName}
        value={title}
        onChange={setTitle}
      />
      <DescriptionField value={description} onChange={setDescription} />
      <TextField
        label="Tags"
        hint="Separated by commas"
        error={tagProblem}
        value={tags}
        onChange={setTags}
      />
    </FormDialog>
  );
}

export function DeletePhotoDialog(props: {
  photo: Photo;
  onClose: () => void;
  onDeleted: () => void;
}) {
  const remove = useDeletePhoto();
  const { photo, onClose, onDeleted } = props;

  function deletePhoto() {
    remove.mutate(photo.photoId, {
      onSuccess: () => {
        say("Deleted");
        onClose();
        onDeleted();
      },
    });
  }

  return (
    <DeleteDialog
      title="Delete permanently?"
      deletion={remove}
      onDelete={deletePhoto}
      onClose={onClose}
    >
      <p>
        “{nameOf(photo)}” and all its thumbnails will be deleted. This can’t be undone.
        {photo.eventId && " Nobody at the event will see it any more."}
      </p>
    </DeleteDialog>
  );
}
