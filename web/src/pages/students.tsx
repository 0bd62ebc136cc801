export default function StudentsPage(_: { photoId?: string; eventId?: string }) {
  return <p>soon</p>;
}
