/** Whether an earlier visit left uploads unfinished: then Uppy is loaded at once to go on with them. */
const keyOf = (userId: string) => `photodrop.unsent.${userId}`;

export function markUnsent(userId: string, isSome: boolean): void {
  if (isSome) localStorage.setItem(keyOf(userId), "1");
  else localStorage.removeItem(keyOf(userId));
}

export const hasUnsent = (userId: string): boolean => localStorage.getItem(keyOf(userId)) !== null;
