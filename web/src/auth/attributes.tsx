/** What a user pool may require of its users besides an e-mail address and a password. */
import type { InputHTMLAttributes } from "react";
import { Field } from "../ui/field";

const KNOWN: Record<string, InputHTMLAttributes<HTMLInputElement> & { label: string }> = {
  birthdate: { label: "Date of birth", type: "date", autoComplete: "bday" },
  email: { label: "E-mail", type: "email", autoComplete: "email" },
  family_name: { label: "Family name", autoComplete: "family-name" },
  given_name: { label: "First name", autoComplete: "given-name" },
  name: { label: "Your name", autoComplete: "name" },
  phone_number: {
    label: "Phone number",
    type: "tel",
    autoComplete: "tel",
    pattern: "\\+[0-9]+",
    title: "A plus sign, the country code and the number, without spaces: +441632960000",
  },
};

/** One field for each attribute that Cognito names. */
export function AttributeFields({ names }: { names: string[] }) {
  return names.map((name) => {
    const { label, ...input } = KNOWN[name] ?? { label: inWords(name) };
    return (
      <Field key={name} label={label} hint={input.title}>
        <input {...input} name={name} required />
      </Field>
    );
  });
}

/** What was filled in for these attributes. */
export const attributesOf = (form: FormData, names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, String(form.get(name)).trim()]));

/** "custom:staff_number" is "Staff number". */
function inWords(name: string): string {
  const words = name.replace(/^custom:/, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
