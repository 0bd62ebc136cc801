/** What gallery and photo page know of each other: which photo was opened, and from where. */

let lastOpened: string | undefined;

/** Note the photo that is looked at: the gallery comes back to it. */
export function rememberOpened(photoId: string): void {
  lastOpened = photoId;
}

export const lastOpenedPhoto = (): string | undefined => lastOpened;

export function forgetOpened(): void {
  lastOpened = undefined;
}

/** The state of the history's entry of a photo that was opened from a gallery, which is the entry before. */
export const OPENED_FROM_GALLERY = { isFromGallery: true };

export function isFromGallery(state: unknown): boolean {
  return (state as Partial<typeof OPENED_FROM_GALLERY> | null)?.isFromGallery === true;
}
