import { useState } from "react";
import { Dialog } from "../ui/dialog";
import { Field } from "../ui/field";
import { inWords, signIn } from "./auth";

const OTHER_STEP =
  "Your account needs a new password. Sign out, and sign in on the page that follows.";

/** Asks for the password once more; what was under way goes on afterwards. */
export function ReauthDialog(props: { email: string; onDone: () => void; onLeave: () => void }) {
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);

  async function submit(form: FormData) {
    setBusy(true);
    try {
      const { step } = await signIn(props.email, String(form.get("password")));
      if (step !== "done") throw new Error(OTHER_STEP);
      props.onDone();
    } catch (error) {
      setProblem(inWords(error));
      setBusy(false);
    }
  }

  return (
    <Dialog title="Please sign in again" onClose={props.onLeave} isRequired>
      <form action={submit} className="stack">
        <p className="muted">
          Your session has ended. Give your password once more, and everything goes on where it was,
          uploads included.
        </p>
        <input type="hidden" name="username" autoComplete="username" value={props.email} />
        <Field label={`Password of ${props.email}`} error={problem}>
          <input
            name="password"
            type="password"
            autoComplete="current-password"
            required
            autoFocus
          />
        </Field>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={props.onLeave}>
            Sign out
          </button>
          <button type="submit" className="button primary" disabled={isBusy}>
            {isBusy ? "Signing in…" : "Sign in"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
