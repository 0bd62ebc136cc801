import { useState } from "react";
import type { EventDetails } from "../api/client";
import { useSaveEvent } from "../api/events";
import { DescriptionField, TextField } from "../ui/field";
import { FormDialog } from "../ui/form-dialog";

/** Creates an event, or edits the one given. */
export function EventDialog(props: {
  event?: EventDetails;
  onClose: () => void;
  onSaved: (event: EventDetails) => void;
}) {
  const { event, onClose, onSaved } = props;
  const save = useSaveEvent(event?.eventId);
  const [name, setName] = useState(event?.name ?? "");
  const [description, setDescription] = useState(event?.description ?? "");
  const [startsAt, setStartsAt] = useState(event?.startsAt ? toInput(event.startsAt) : "");

  function saveEvent() {
    const fields = {
      name: name.trim(),
      description: description.trim() || null,
      startsAt: startsAt ? new Date(startsAt).toISOString() : null,
    };
    save.mutate(fields, {
      onSuccess: (saved) => {
        onClose();
        onSaved(saved);
      },
    });
  }

  return (
    <FormDialog
      title={event ? "Edit event" : "New event"}
      action={event ? "Save" : "Create event"}
      isSaving={save.isPending}
      error={save.error}
      onSave={saveEvent}
      onClose={onClose}
    >
      <TextField
        label="Name"
        required
        maxLength={200}
        pattern=".*\S.*"
        value={name}
        onChange={setName}
      />
      <TextField
        label="Starts"
        optional
        type="datetime-local"
        value={startsAt}
        onChange={setStartsAt}
      />
      <DescriptionField optional value={description} onChange={setDescription} />
    </FormDialog>
  );
}

/** As <input type="datetime-local"> wants it: local time without a zone. */
function toInput(iso: string): string {
  const date = new Date(iso);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
