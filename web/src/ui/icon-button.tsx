import type { ComponentProps } from "react";

/** A button that shows only an icon. Screen readers say its label. */
export function IconButton({ label, ...rest }: { label: string } & ComponentProps<"button">) {
  return <button type="button" className="icon-button" aria-label={label} {...rest} />;
}
