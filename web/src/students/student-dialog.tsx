import { Camera, Trash2 } from "lucide-react";
import { useRef, useState } from "react";
import type { Student } from "../api/client";
import { useDeletePicture, useSaveStudent } from "../api/students";
import { TextField } from "../ui/field";
import { FormDialog } from "../ui/form-dialog";
import { useObjectUrl } from "../ui/object-url";
import { say } from "../ui/toasts";
import { toJpeg } from "./picture-file";
import { StudentPicture } from "./student-picture";

/** Adds a student, or edits the one given, the picture included. */
export function StudentDialog({ student, onClose }: { student?: Student; onClose: () => void }) {
  const [saved, setSaved] = useState(student);
  const save = useSaveStudent(saved?.studentId);
  const [name, setName] = useState(student?.name ?? "");
  const [email, setEmail] = useState(student?.email ?? "");
  const [course, setCourse] = useState(student?.course ?? "");
  const [picture, setPicture] = useState<Blob>();
  const [pictureError, setPictureError] = useState<unknown>();

  function saveStudent() {
    setPictureError(undefined);
    const fields = { name: name.trim(), email: email.trim(), course: course.trim() };
    save.mutate(
      { fields, picture },
      {
        onSuccess: (result) => {
          setSaved(result.student);
          if (result.pictureError) {
            setPictureError(result.pictureError);
            return;
          }
          say(student ? "Saved" : `${fields.name} is added`);
          onClose();
        },
      },
    );
  }

  return (
    <FormDialog
      title={student ? "Edit student" : "New student"}
      action={student ? "Save" : "Add student"}
      isSaving={save.isPending}
      error={save.error ?? pictureError}
      errorHint={
        pictureError && saved && !student ? (
          <p className="muted small">The student is saved. Choose another picture, or close.</p>
        ) : null
      }
      onSave={saveStudent}
      onClose={onClose}
    >
      <PictureChooser
        student={saved}
        chosen={picture}
        onChoose={setPicture}
        onProblem={setPictureError}
      />
      <TextField label="Name" required maxLength={200} value={name} onChange={setName} />
      <TextField label="Course" required maxLength={200} value={course} onChange={setCourse} />
      <TextField label="E-mail" type="email" required value={email} onChange={setEmail} />
    </FormDialog>
  );
}

function PictureChooser(props: {
  student: Student | undefined;
  chosen: Blob | undefined;
  onChoose: (picture: Blob | undefined) => void;
  onProblem: (problem: unknown) => void;
}) {
  const { student, chosen, onChoose, onProblem } = props;
  const chooser = useRef<HTMLInputElement>(null);
  const preview = useObjectUrl(chosen);
  const remove = useDeletePicture(student?.studentId ?? "");
  const [isRemoved, setRemoved] = useState(false);
  const hasPicture = Boolean(student?.picture?.thumbnails.length) && !isRemoved;

  async function choose(file: File | undefined) {
    if (!file) return;
    onProblem(undefined);
    try {
      onChoose(await toJpeg(file));
    } catch (error) {
      onProblem(error);
    }
  }

  return (
    <div className="picture-chooser">
      {preview ? (
        <span className="portrait" style={{ width: 96, height: 96 }}>
          <img src={preview} alt="Preview of what will be sent" />
        </span>
      ) : (
        <StudentPicture
          student={{
            ...(student ?? NOBODY),
            picture: hasPicture ? (student?.picture ?? null) : null,
          }}
          size={96}
        />
      )}
      <div className="stack tight">
        <button type="button" className="button" onClick={() => chooser.current?.click()}>
          <Camera aria-hidden size={17} />
          {chosen || hasPicture ? "Another picture" : "Choose a picture"}
        </button>
        {(chosen || hasPicture) && (
          <button
            type="button"
            className="button quiet danger"
            disabled={remove.isPending}
            onClick={() => {
              if (chosen) onChoose(undefined);
              else
                remove.mutate(undefined, {
                  onSuccess: () => {
                    setRemoved(true);
                    say("The picture is removed");
                  },
                  onError: onProblem,
                });
            }}
          >
            <Trash2 aria-hidden size={16} /> {chosen ? "Not this one" : "Remove picture"}
          </button>
        )}
        <input
          ref={chooser}
          type="file"
          hidden
          accept="image/*"
          aria-label="Picture of the student"
          onChange={(event) => {
            void choose(event.target.files?.[0]);
            event.target.value = "";
          }}
        />
      </div>
    </div>
  );
}

const NOBODY: Student = {
  studentId: "",
  name: "",
  email: "",
  course: "",
  pictureKey: null,
  picture: null,
  createdAt: "",
  updatedAt: "",
};
