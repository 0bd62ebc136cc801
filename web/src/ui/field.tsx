import { cloneElement, type ReactElement, type ReactNode, useId } from "react";

type Control = ReactElement<{
  id?: string;
  "aria-describedby"?: string;
  "aria-invalid"?: boolean;
}>;

/** A control with its label, a hint, and what is wrong with it. */
export function Field(props: {
  label: string;
  hint?: ReactNode;
  error?: string;
  optional?: boolean;
  children: Control;
}) {
  const id = useId();
  const described = [props.hint && `${id}-hint`, props.error && `${id}-error`].filter(Boolean);
  return (
    <div className="field">
      <label htmlFor={id}>
        {props.label} {props.optional && <span className="optional">optional</span>}
      </label>
      {cloneElement(props.children, {
        id,
        "aria-describedby": described.join(" ") || undefined,
        "aria-invalid": props.error ? true : undefined,
      })}
      {props.hint && (
        <p className="hint" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
      {props.error && (
        <p className="field-error" id={`${id}-error`} role="alert">
          {props.error}
        </p>
      )}
    </div>
  );
}
