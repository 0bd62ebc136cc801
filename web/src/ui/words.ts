/** Numbers and dates as people read them. */
const date = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export const onDay = (iso: string): string => date.format(new Date(iso));
export const atTime = (iso: string): string => dateTime.format(new Date(iso));

const clock = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "short",
  timeZone: "UTC",
});

/** A capture time as the camera's clock showed it, wherever it is looked at: "18:21+02:00" is 18:21. */
export const onTheCamera = (iso: string): string =>
  iso.endsWith("Z") ? atTime(iso) : clock.format(new Date(`${iso.slice(0, 19)}Z`));

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

export function bytes(count: number): string {
  let unit = 0;
  let value = count;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) =>
    String(part).padStart(2, "0"),
  );
  const hours = Math.floor(whole / 3600);
  return hours ? `${hours}:${parts.join(":")}` : `${Math.floor(whole / 60)}:${parts[1]}`;
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString()} ${count === 1 ? one : many}`;

const MAX_TAGS = 20;
const MAX_TAG_LENGTH = 50;

/** "Meadow, in may" → ["meadow", "in may"], as the service stores them. */
export function tagsOf(text: string): string[] {
  const tags = text.split(",").map((tag) => tag.trim().toLowerCase());
  return [...new Set(tags.filter(Boolean))];
}

/** What is wrong with the tags of one photo, before the service is asked. */
export function problemOfTags(tags: string[]): string | undefined {
  if (tags.length > MAX_TAGS) return `There are ${tags.length} tags. ${MAX_TAGS} are the most.`;
  const long = tags.find((tag) => tag.length > MAX_TAG_LENGTH);
  return (
    long &&
    `“${long.slice(0, 20)}…” is too long for a tag. ${MAX_TAG_LENGTH} characters are the most.`
  );
}
