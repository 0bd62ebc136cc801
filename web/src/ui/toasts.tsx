/** Short news at the edge of the screen, read out politely. */
import { Check, CircleAlert, X } from "lucide-react";
import { useLayoutEffect, useSyncExternalStore } from "react";
import { IconButton } from "./icon-button";
import { messageOf } from "./states";

interface Toast {
  id: number;
  text: string;
  isError: boolean;
}

let toasts: Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function change(next: Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function show(text: string, isError: boolean): void {
  last += 1;
  const id = last;
  change([...toasts.slice(-2), { id, text, isError }]);
  setTimeout(() => change(toasts.filter((one) => one.id !== id)), isError ? 12_000 : 5_000);
}

export const say = (text: string): void => show(text, false);
export const sayError = (error: unknown): void => show(messageOf(error), true);

const PLACE = "toasts";

/** A popover stands above the dialogs that were opened before it: so it is shown anew with each, and with each toast. */
export function raiseToasts(): void {
  const popover = document.getElementById(PLACE);
  if (!popover?.showPopover || !toasts.length) return;
  popover.hidePopover();
  popover.showPopover();
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  useLayoutEffect(() => {
    if (shown.length) raiseToasts();
    else document.getElementById(PLACE)?.hidePopover?.();
  }, [shown]);

  return (
    <div id={PLACE} className="toasts" popover="manual" role="status" aria-live="polite">
      {shown.map((toast) => (
        <div key={toast.id} className={toast.isError ? "toast danger" : "toast"}>
          {toast.isError ? <CircleAlert aria-hidden size={18} /> : <Check aria-hidden size={18} />}
          <span>{toast.text}</span>
          <IconButton
            label="Dismiss"
            onClick={() => change(toasts.filter((one) => one.id !== toast.id))}
          >
            <X aria-hidden size={16} />
          </IconButton>
        </div>
      ))}
    </div>
  );
}
