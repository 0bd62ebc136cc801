import { type ComponentProps, cloneElement, type ReactElement, type ReactNode, useId } from "react";

type Control = ReactElement<{
  id?: string;
  "aria-describedby"?: string;
  "aria-invalid"?: boolean;
}>;

interface Description {
  label: string;
  hint?: ReactNode;
  error?: string;
  optional?: boolean;
}

/** A control with its label, a hint, and what is wrong with it. */
export function Field(props: Description & { children: Control }) {
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

interface Text {
  value: string;
  onChange: (value: string) => void;
}

/** A field of one line, whose value the form keeps. What else it is given belongs to its <input>. */
export function TextField({
  label,
  hint,
  error,
  optional,
  onChange,
  ...input
}: Description & Text & Omit<ComponentProps<"input">, keyof Text>) {
  return (
    <Field label={label} hint={hint} error={error} optional={optional}>
      <input {...input} onChange={(event) => onChange(event.target.value)} />
    </Field>
  );
}

/** The description of a photo or an event. */
export function DescriptionField(props: Text & { rows?: number; optional?: boolean }) {
  return (
    <Field label="Description" optional={props.optional}>
      <textarea
        rows={props.rows ?? 4}
        maxLength={5000}
        value={props.value}
        onChange={(event) => props.onChange(event.target.value)}
      />
    </Field>
  );
}
