import type { Photo, Status } from "../api/client";

/**
 * Whether a photo has a place in a list. Others see only what is completed. One's own failed photos
 * are counted above the list, and stand in it only where they were asked for.
 */
export function isShown(photo: Photo, userId: string, status: Status | undefined): boolean {
  if (photo.ownerId !== userId) return photo.status === "completed";
  return photo.status !== "failed" || status === "failed";
}
