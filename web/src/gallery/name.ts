import type { Photo } from "../api/client";

/** What a photo is called: its title, else its file's name without the ending. */
export function nameOf(photo: Pick<Photo, "title" | "fileName">): string {
  return photo.title || photo.fileName.replace(/\.[^.]+$/, "") || "Untitled";
}

export const isVideo = (photo: Pick<Photo, "contentType">): boolean =>
  photo.contentType.startsWith("video/");
