import { UserMinus, UserPlus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { addressesIn, useAddAttendees, useAttendees, useRemoveAttendee } from "../api/events";
import { Dialog } from "../ui/dialog";
import { Field } from "../ui/field";
import { IconButton } from "../ui/icon-button";
import { ErrorNote, LoadMore, messageOf, Spinner } from "../ui/states";
import { say, sayError } from "../ui/toasts";
import { onDay, plural } from "../ui/words";

const notAddresses = (words: string[]): string =>
  words.length ? `Not an e-mail address: ${words.join(", ")}.` : "";

/** Who attends: paste addresses to register them, remove them one by one. */
export function AttendeesDialog({ eventId, onClose }: { eventId: string; onClose: () => void }) {
  const attendees = useAttendees(eventId);
  const add = useAddAttendees(eventId);
  const remove = useRemoveAttendee(eventId);
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const { emails: found, others } = addressesIn(text);
  const items = attendees.data?.pages.flatMap((page) => page.items) ?? [];

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!found.length) {
      setProblem(notAddresses(others) || "There is no e-mail address in this text.");
      return;
    }
    setProblem("");
    add.mutate(found, {
      onSuccess: (refused) => {
        const added = found.length - refused.length;
        if (added) say(`${plural(added, "attendee")} registered`);
        // What was not registered stays, to be put right.
        setText([...refused.map((one) => one.email), ...others].join("\n"));
        const reasons = refused.map((one) => `${one.email}: ${messageOf(one.error)}`);
        setProblem([...reasons, notAddresses(others)].filter(Boolean).join(" "));
      },
    });
  }

  return (
    <Dialog title="Attendees" onClose={onClose}>
      <div className="stack">
        <form className="stack tight" onSubmit={submit}>
          <Field
            label="E-mail addresses"
            hint="Paste as many as you like. They sign in with the same address and see the event."
            error={problem}
          >
            <textarea
              rows={3}
              value={text}
              placeholder="grace@example.com, alan@example.com"
              onChange={(event) => setText(event.target.value)}
            />
          </Field>
          <div>
            <button type="submit" className="button primary" disabled={add.isPending}>
              <UserPlus aria-hidden size={17} />
              {add.isPending
                ? "Registering…"
                : found.length > 1
                  ? `Register ${found.length} people`
                  : "Register"}
            </button>
          </div>
        </form>
        {attendees.isPending && <Spinner label="Loading…" />}
        {attendees.isError && <ErrorNote error={attendees.error} />}
        {attendees.isSuccess && items.length === 0 && (
          <p className="muted">Nobody is registered yet.</p>
        )}
        {items.length > 0 && (
          <ul className="people" aria-label="Registered">
            {items.map((attendee) => (
              <li key={attendee.email}>
                <span className="avatar" aria-hidden>
                  {attendee.email.charAt(0).toUpperCase()}
                </span>
                <span className="people-text">
                  {attendee.email}
                  <small>since {onDay(attendee.registeredAt)}</small>
                </span>
                <IconButton
                  label={`Remove ${attendee.email}`}
                  onClick={() => remove.mutate(attendee.email, { onError: sayError })}
                >
                  <UserMinus aria-hidden size={18} />
                </IconButton>
              </li>
            ))}
          </ul>
        )}
        <LoadMore list={attendees} />
      </div>
    </Dialog>
  );
}
