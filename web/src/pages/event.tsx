export default function EventPage(_: { photoId?: string; eventId?: string }) {
  return <p>soon</p>;
}
