import { X } from "lucide-react";
import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { IconButton } from "./icon-button";
import { raiseToasts } from "./toasts";

/** A native modal dialog: focus stays inside, Escape closes, focus returns where it was. */
export function Dialog(props: {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** Escape and the corner do not close it: there is a choice to make. */
  isRequired?: boolean;
  isWide?: boolean;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const title = useId();
  const { onClose, isRequired } = props;

  // Closed while it is still in the page: only then the focus goes back.
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) {
      dialog.showModal();
      raiseToasts();
    }
    return () => dialog?.close();
  }, []);

  return (
    <dialog
      ref={ref}
      className={props.isWide ? "dialog wide" : "dialog"}
      aria-labelledby={title}
      onCancel={(event) => {
        if (event.target !== ref.current) return; // a file chooser inside was cancelled
        event.preventDefault();
        if (!isRequired) onClose();
      }}
      // Chrome closes a dialog at the second Escape without a word. It does not get the key where the dialog has the
      // focus, and what it closes all the same is opened again: whether it closes is for the page to say.
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.nativeEvent.isComposing) return;
        event.preventDefault();
        event.stopPropagation(); // the page behind would close as well
        if (!isRequired) onClose();
      }}
      onClose={() => {
        if (!ref.current?.isConnected) return;
        ref.current.showModal();
        if (!isRequired) onClose();
      }}
    >
      <header className="dialog-header">
        <h2 id={title}>{props.title}</h2>
        {!isRequired && (
          <IconButton label="Close" onClick={onClose}>
            <X aria-hidden size={20} />
          </IconButton>
        )}
      </header>
      {props.children}
    </dialog>
  );
}
