export default function PhotoPage(_: { photoId?: string; eventId?: string }) {
  return <p>soon</p>;
}
