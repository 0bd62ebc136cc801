import type { ReactNode } from "react";
import { Dialog } from "./dialog";
import { ErrorNote } from "./states";

/** A dialog whose fields are saved together. It stays open, with the error, when that fails. */
export function FormDialog(props: {
  title: string;
  /** The words on the button that saves. */
  action?: string;
  isSaving: boolean;
  /** What was filled in cannot be saved: a field says why. */
  isInvalid?: boolean;
  error: unknown;
  /** What else there is to know about the error. */
  errorHint?: ReactNode;
  onSave: () => void;
  onClose: () => void;
  children: ReactNode;
}) {
  const { action = "Save", isSaving } = props;
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          props.onSave();
        }}
      >
        {props.children}
        <ErrorNote error={props.error} />
        {props.errorHint}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={props.onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className="button primary"
            disabled={isSaving || Boolean(props.isInvalid)}
          >
            {isSaving ? "Saving…" : action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
