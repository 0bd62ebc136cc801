import type { ReactNode } from "react";
import { Dialog } from "./dialog";
import { ErrorNote } from "./states";

/** Asks before something is deleted. It stays open, with the error, when the deletion fails. */
export function DeleteDialog(props: {
  title: string;
  /** The words on the two buttons. */
  cancel?: string;
  action?: string;
  deletion: { isPending: boolean; error: unknown };
  onDelete: () => void;
  onClose: () => void;
  children: ReactNode;
}) {
  const { cancel = "Cancel", action = "Delete", deletion, onClose } = props;
  return (
    <Dialog title={props.title} onClose={onClose}>
      <div className="stack">
        {props.children}
        <ErrorNote error={deletion.error} />
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {cancel}
          </button>
          <button
            type="button"
            className="button danger primary"
            disabled={deletion.isPending}
            onClick={props.onDelete}
          >
            {deletion.isPending ? "Deleting…" : action}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
