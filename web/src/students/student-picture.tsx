import { UserRound } from "lucide-react";
import type { Student } from "../api/client";
import { Picture } from "../gallery/picture";

/** A student's picture, or a figure in its place. */
export function StudentPicture(props: { student: Student; size: number; onBroken?: () => void }) {
  const { student, size } = props;
  const thumbnails = student.picture?.thumbnails ?? [];
  return (
    <span className="portrait" style={{ width: size, height: size }}>
      {thumbnails.length > 0 ? (
        <Picture
          key={student.pictureKey}
          photo={{ photoId: student.studentId, thumbnails }}
          alt={`Picture of ${student.name}`}
          sizes={`${size}px`}
          onBroken={props.onBroken}
        />
      ) : (
        <UserRound aria-hidden size={size * 0.5} />
      )}
    </span>
  );
}
