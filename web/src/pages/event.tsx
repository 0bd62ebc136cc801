import {
  CalendarX,
  ChevronLeft,
  ImagePlus,
  Pencil,
  Trash2,
  Upload,
  UsersRound,
} from "lucide-react";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { useEvent } from "../api/events";
import { isGone } from "../api/photos";
import { useUser } from "../auth/session";
import { AttendeesDialog } from "../events/attendees-dialog";
import { DeleteEventDialog } from "../events/delete-event-dialog";
import { EventDialog } from "../events/event-dialog";
import { FilteredGallery, Filters, useFilter } from "../gallery/filtered";
import { IconButton } from "../ui/icon-button";
import { Empty, ErrorState, Spinner } from "../ui/states";
import { useTitle } from "../ui/title";
import { say } from "../ui/toasts";
import { atTime } from "../ui/words";
import { useUploads, useUploadTarget } from "../uploads/context";
import "../styles/pages.css";

type Open = "edit" | "attendees" | "delete" | undefined;

export default function EventPage({ eventId }: { eventId: string }) {
  const user = useUser();
  const { data: event, error, refetch } = useEvent(eventId);
  const filtering = useFilter(eventId);
  const { choose } = useUploads();
  const [open, setOpen] = useState<Open>();
  const [, go] = useLocation();
  useTitle(event?.name);
  useUploadTarget(eventId, event?.name);

  if (!event && error)
    return isGone(error) ? (
      <Empty icon={<CalendarX size={30} />} title="This event is not here" isPage>
        <p>It may be over, or you may not be registered for it.</p>
        <Link className="button" href="/events">
          To your events
        </Link>
      </Empty>
    ) : (
      <ErrorState error={error} onRetry={() => void refetch()} />
    );
  if (!event) return <Spinner label="Loading the event…" />;

  const isMine = event.organizerId === user.id;
  const close = () => setOpen(undefined);
  return (
    <>
      <header className="event-header">
        <div className="event-top">
          <Link href="/events" className="back">
            <ChevronLeft aria-hidden size={18} /> Events
          </Link>
          {isMine && (
            <div>
              <IconButton label="Edit event" onClick={() => setOpen("edit")}>
                <Pencil aria-hidden size={18} />
              </IconButton>
              <IconButton label="Delete event" onClick={() => setOpen("delete")}>
                <Trash2 aria-hidden size={18} />
              </IconButton>
            </div>
          )}
        </div>
        <h1>{event.name}</h1>
        {event.startsAt && <p className="muted">{atTime(event.startsAt)}</p>}
        {event.description && <p className="description">{event.description}</p>}
      </header>
      <div className="page-header">
        <div className="row">
          <button type="button" className="button primary" onClick={choose}>
            <Upload aria-hidden size={17} /> Add photos
          </button>
          {isMine && (
            <button type="button" className="button" onClick={() => setOpen("attendees")}>
              <UsersRound aria-hidden size={17} /> Attendees
            </button>
          )}
        </div>
        <Filters {...filtering} />
      </div>
      <FilteredGallery
        filtering={filtering}
        label={`Photos of ${event.name}`}
        hrefOf={(photo) => `/events/${eventId}/photos/${photo.photoId}`}
        empty={
          <Empty icon={<ImagePlus size={32} />} title="No photos yet">
            <p>Be the first: drop some anywhere on this page, or choose them from your device.</p>
            <button type="button" className="button primary big" onClick={choose}>
              <Upload aria-hidden size={18} /> Add photos
            </button>
          </Empty>
        }
      />
      {open === "edit" && (
        <EventDialog event={event} onClose={close} onSaved={() => say("Saved")} />
      )}
      {open === "attendees" && <AttendeesDialog eventId={eventId} onClose={close} />}
      {open === "delete" && (
        <DeleteEventDialog
          event={event}
          onClose={close}
          onDeleted={() => go("/events", { replace: true })}
        />
      )}
    </>
  );
}
