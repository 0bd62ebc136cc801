/** Asks for the file of an upload of which there are only notes: those of the browser, or of the service. */
import { useRef } from "react";
import { say } from "../ui/toasts";
import { bytes } from "../ui/words";
import { ACCEPT, isFileOf } from "./files";

export function ChooseAgain(props: {
  /** What the upload is called here. */
  name: string;
  fileName: string;
  sizeBytes: number | null | undefined;
  onFile: (file: File) => void;
}) {
  const chooser = useRef<HTMLInputElement>(null);
  const { name, fileName, sizeBytes, onFile } = props;
  return (
    <>
      <button
        type="button"
        className="button small"
        onClick={() => chooser.current?.click()}
        aria-label={`Choose file for ${name}`}
      >
        Choose file
      </button>
      <input
        ref={chooser}
        type="file"
        hidden
        accept={ACCEPT}
        aria-label={`File of ${name}`}
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = ""; // so that the same file can be chosen again
          if (!file) return;
          if (isFileOf(file, { name: fileName, sizeBytes })) onFile(file);
          else {
            const size = sizeBytes ? `, ${bytes(sizeBytes)}` : "";
            say(`That is another file. Please choose ${fileName}${size}.`);
          }
        }}
      />
    </>
  );
}
