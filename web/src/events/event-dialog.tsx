import { type FormEvent, useState } from "react";
import type { EventDetails } from "../api/client";
import { useSaveEvent } from "../api/events";
import { Dialog } from "../ui/dialog";
import { Field } from "../ui/field";
import { ErrorNote } from "../ui/states";

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

  function submit(submission: FormEvent) {
    submission.preventDefault();
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
    <Dialog title={event ? "Edit event" : "New event"} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <Field label="Name">
          <input
            required
            maxLength={200}
            pattern=".*\S.*"
            value={name}
            onChange={(change) => setName(change.target.value)}
          />
        </Field>
        <Field label="Starts" optional>
          <input
            type="datetime-local"
            value={startsAt}
            onChange={(change) => setStartsAt(change.target.value)}
          />
        </Field>
        <Field label="Description" optional>
          <textarea
            rows={4}
            maxLength={5000}
            value={description}
            onChange={(change) => setDescription(change.target.value)}
          />
        </Field>
        <ErrorNote error={save.error} />
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={save.isPending}>
            {save.isPending ? "Saving…" : event ? "Save" : "Create event"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** As <input type="datetime-local"> wants it: local time without a zone. */
function toInput(iso: string): string {
  const date = new Date(iso);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
