import { useState } from "react";
import type { EventDetails } from "../api/client";
import { useDeleteEvent } from "../api/events";
import { Dialog } from "../ui/dialog";
import { ErrorNote } from "../ui/states";
import { say } from "../ui/toasts";

export function DeleteEventDialog(props: {
  event: EventDetails;
  onClose: () => void;
  onDeleted: () => void;
}) {
  const { event, onClose, onDeleted } = props;
  const remove = useDeleteEvent(event.eventId);
  const [photosToo, setPhotosToo] = useState(false);
  return (
    <Dialog title="Delete this event?" onClose={onClose}>
      <div className="stack">
        <p>
          “{event.name}” ends for everybody at once. Photos stay with those who uploaded them,
          unless you delete them too.
        </p>
        <label className="check">
          <input
            type="checkbox"
            checked={photosToo}
            onChange={(change) => setPhotosToo(change.target.checked)}
          />
          Delete everybody’s photos of this event, for good
        </label>
        <ErrorNote error={remove.error} />
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            Keep it
          </button>
          <button
            type="button"
            className="button danger primary"
            disabled={remove.isPending}
            onClick={() =>
              remove.mutate(photosToo ? "delete" : "keep", {
                onSuccess: () => {
                  say("The event is deleted");
                  onClose();
                  onDeleted();
                },
              })
            }
          >
            {remove.isPending ? "Deleting…" : "Delete event"}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
