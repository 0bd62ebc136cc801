/** What the service (or the way to it) refused; `message` is for people, `code` for programs. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId?: string,
    readonly fields: Record<string, string>[] = [],
    readonly restore?: Record<string, unknown>,
    /** Of 409 AlreadyUploaded: the photo that is there. */
    readonly photoId?: string,
    /** When to ask again, in seconds, where the service says so. */
    readonly retryAfterSeconds?: number,
  ) {
    super(message);
    this.name = "ApiError";
  }
}
