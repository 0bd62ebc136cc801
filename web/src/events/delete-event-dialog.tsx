import { useState } from "react";
import type { EventDetails } from "../api/client";
import { useDeleteEvent } from "../api/events";
import { DeleteDialog } from "../ui/delete-dialog";
import { say } from "../ui/toasts";

export function DeleteEventDialog(props: {
  event: EventDetails;
  onClose: () => void;
  onDeleted: () => void;
}) {
  const { event, onClose, onDeleted } = props;
  const remove = useDeleteEvent(event.eventId);
  const [photosToo, setPhotosToo] = useState(false);

  function deleteEvent() {
    remove.mutate(photosToo ? "delete" : "keep", {
      onSuccess: () => {
        say("The event is deleted");
        onClose();
        onDeleted();
      },
    });
  }

  return (
    <DeleteDialog
      title="Delete this event?"
      cancel="Keep it"
      action="Delete event"
      deletion={remove}
      onDelete={deleteEvent}
      onClose={onClose}
    >
      <p>
        “{event.name}” ends for everybody at once. Photos stay with those who uploaded them, unless
        you delete them too.
      </p>
      <label className="check">
        <input
          type="checkbox"
          checked={photosToo}
          onChange={(change) => setPhotosToo(change.target.checked)}
        />
        Delete everybody’s photos of this event, for good
      </label>
    </DeleteDialog>
  );
}
