import { useQueryClient } from "@tanstack/react-query";
import { GraduationCap, Lock, Pencil, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import type { Student } from "../api/client";
import { useDeleteStudent, useStudent, useStudents } from "../api/students";
import { useUser } from "../auth/session";
import { StudentDialog } from "../students/student-dialog";
import { StudentPicture } from "../students/student-picture";
import { DeleteDialog } from "../ui/delete-dialog";
import { IconButton } from "../ui/icon-button";
import { Empty, FirstPage, LoadMore } from "../ui/states";
import { useTitle } from "../ui/title";
import { say } from "../ui/toasts";
import "../styles/pages.css";

export default function StudentsPage() {
  useTitle("Students");
  const user = useUser();
  if (user.isStaff) return <Students />;
  return (
    <Empty icon={<Lock size={30} />} title="For staff only" isPage>
      <p>
        Students and their pictures are managed by staff. You are signed in as {user.email}; if you
        should be one of them, ask whoever runs this service.
      </p>
      <Link className="button" href="/photos">
        To your photos
      </Link>
    </Empty>
  );
}

const SHOWN = [
  { name: "All", hasPicture: undefined },
  { name: "With picture", hasPicture: true },
  { name: "Without", hasPicture: false },
];

function Students() {
  const [hasPicture, setHasPicture] = useState<boolean>();
  const students = useStudents(hasPicture);
  const [edited, setEdited] = useState<Student | "new">();
  const [deleted, setDeleted] = useState<Student>();
  const items = students.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <header className="page-header">
        <h1>Students</h1>
        <fieldset className="segments">
          <legend className="visually-hidden">Which students</legend>
          {SHOWN.map((one) => (
            <label key={one.name}>
              <input
                type="radio"
                name="shown"
                checked={hasPicture === one.hasPicture}
                onChange={() => setHasPicture(one.hasPicture)}
              />
              {one.name}
            </label>
          ))}
        </fieldset>
        <button type="button" className="button primary" onClick={() => setEdited("new")}>
          <Plus aria-hidden size={17} /> New student
        </button>
      </header>
      <FirstPage query={students} list="students" item="student" count={6} />
      {students.isSuccess && items.length === 0 && (
        <Empty
          icon={<GraduationCap size={32} />}
          title={hasPicture === undefined ? "No students yet" : "Nobody here"}
        >
          <p>
            {hasPicture === undefined
              ? "Add the first one, with a picture if there is one at hand."
              : "No student matches this choice."}
          </p>
        </Empty>
      )}
      <ul className="students">
        {items.map((student) => (
          <StudentCard
            key={student.studentId}
            student={student}
            onEdit={setEdited}
            onDelete={setDeleted}
          />
        ))}
      </ul>
      <LoadMore list={students} />
      {edited && (
        <StudentDialog
          student={edited === "new" ? undefined : edited}
          onClose={() => setEdited(undefined)}
        />
      )}
      {deleted && <DeleteStudentDialog student={deleted} onClose={() => setDeleted(undefined)} />}
    </>
  );
}

function StudentCard(props: {
  student: Student;
  onEdit: (student: Student) => void;
  onDelete: (student: Student) => void;
}) {
  const student = useStudent(props.student);
  const queries = useQueryClient();
  const { picture } = student;
  const failure = picture?.replacement?.failure ?? picture?.failure;
  return (
    <li className="student">
      <StudentPicture
        student={student}
        size={72}
        onBroken={() => void queries.invalidateQueries({ queryKey: ["students"] })}
      />
      <div className="student-text">
        <h2>{student.name}</h2>
        <p>{student.course}</p>
        <p className="muted small">{student.email}</p>
        {failure && (
          <p className="field-error">
            The picture was not accepted: {failure.message}{" "}
            <span className="code">{failure.code}</span>
          </p>
        )}
      </div>
      <div className="student-actions">
        <IconButton label={`Edit ${student.name}`} onClick={() => props.onEdit(student)}>
          <Pencil aria-hidden size={17} />
        </IconButton>
        <IconButton label={`Delete ${student.name}`} onClick={() => props.onDelete(student)}>
          <Trash2 aria-hidden size={17} />
        </IconButton>
      </div>
    </li>
  );
}

function DeleteStudentDialog({ student, onClose }: { student: Student; onClose: () => void }) {
  const remove = useDeleteStudent(student.studentId);

  function deleteStudent() {
    remove.mutate(undefined, {
      onSuccess: () => {
        say(`${student.name} is deleted`);
        onClose();
      },
    });
  }

  return (
    <DeleteDialog
      title="Delete permanently?"
      deletion={remove}
      onDelete={deleteStudent}
      onClose={onClose}
    >
      <p>{student.name} and the picture will be deleted. This can’t be undone.</p>
    </DeleteDialog>
  );
}
