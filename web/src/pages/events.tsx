export default function EventsPage(_: { photoId?: string; eventId?: string }) {
  return <p>soon</p>;
}
