import { CalendarDays, CalendarPlus, Plus } from "lucide-react";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import type { EventDetails } from "../api/client";
import { useCover, useEvents } from "../api/events";
import { useUser } from "../auth/session";
import { EventDialog } from "../events/event-dialog";
import { Picture } from "../gallery/picture";
import { placeholder } from "../gallery/placeholder";
import { Empty, FirstPage, LoadMore } from "../ui/states";
import { useTitle } from "../ui/title";
import { atTime } from "../ui/words";
import "../styles/pages.css";

export default function EventsPage() {
  useTitle("Events");
  const user = useUser();
  const events = useEvents();
  const [, go] = useLocation();
  const [isCreating, setCreating] = useState(false);
  const items = events.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <header className="page-header">
        <h1>Events</h1>
        {user.isOrganizer && items.length > 0 && (
          <button type="button" className="button" onClick={() => setCreating(true)}>
            <Plus aria-hidden size={17} /> New event
          </button>
        )}
      </header>
      <FirstPage query={events} list="cards" item="card" count={3} />
      {events.isSuccess && items.length === 0 && (
        <Empty
          icon={user.isOrganizer ? <CalendarPlus size={30} /> : <CalendarDays size={30} />}
          title={user.isOrganizer ? "Create your first event" : "No events yet"}
        >
          {user.isOrganizer ? (
            <>
              <p>
                Everyone you register sees the event, adds photos to it, and sees all the others’.
              </p>
              <button
                type="button"
                className="button primary big"
                onClick={() => setCreating(true)}
              >
                <Plus aria-hidden size={18} /> New event
              </button>
            </>
          ) : (
            <p>
              An event appears here as soon as its organizer registers your address,{" "}
              <strong>{user.email}</strong>.
            </p>
          )}
        </Empty>
      )}
      {items.length > 0 && (
        <ul className="cards">
          {items.map((event) => (
            <EventCard key={event.eventId} event={event} isMine={event.organizerId === user.id} />
          ))}
        </ul>
      )}
      <LoadMore list={events} />
      {isCreating && (
        <EventDialog
          onClose={() => setCreating(false)}
          onSaved={(event) => go(`/events/${event.eventId}`)}
        />
      )}
    </>
  );
}

function EventCard({ event, isMine }: { event: EventDetails; isMine: boolean }) {
  const { data: cover = [], refetch } = useCover(event.eventId);
  return (
    <li className="card">
      <Link href={`/events/${event.eventId}`} className="card-link">
        <div className="cover" data-count={cover.length} aria-hidden>
          {cover.map((photo) => {
            const background = placeholder(photo.thumbHash);
            return (
              <div
                key={photo.photoId}
                style={{ backgroundImage: background && `url(${background})` }}
              >
                <Picture photo={photo} alt="" sizes="260px" onBroken={() => void refetch()} />
              </div>
            );
          })}
          {cover.length === 0 && <CalendarDays size={34} />}
        </div>
        <div className="card-text">
          <h2>{event.name}</h2>
          <p className="muted small">
            {event.startsAt ? atTime(event.startsAt) : "No date"}
            {isMine && <span className="badge good">Yours</span>}
          </p>
        </div>
      </Link>
    </li>
  );
}
