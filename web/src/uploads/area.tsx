import { createContext, type ReactNode, useContext } from "react";

const Uploads = createContext({ choose: (_eventId?: string) => {} });
export const useUploads = () => useContext(Uploads);
export function UploadArea({ children }: { children: ReactNode }) {
  return <Uploads value={{ choose: () => {} }}>{children}</Uploads>;
}
