/** The service's API: typed by its own description, signed in, and with errors that say what is wrong. */
import createClient from "openapi-fetch";
import { isUnreachable } from "../auth/auth";
import { freshToken } from "../auth/tokens";
import { config } from "../config";
import { ApiError } from "./errors";
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
export type Photo = Schemas["PhotoDetails"] & {
  durationSeconds?: number | null;
  codec?: string | null;
  thumbnailsMissing?: { code: string; message: string } | null;
};
export type Thumbnail = Schemas["ThumbnailLink"];
export type EventDetails = Schemas["EventDetails"];
export type Student = Schemas["StudentDetails"];
export type Status = Schemas["Status"];
export type UnfinishedUpload = Schemas["UnfinishedUpload"];

/** fetch with a token that is renewed once when it is refused. */
async function authorizedFetch(request: Request): Promise<Response> {
  const body = request.body ? await request.clone().blob() : undefined;
  const send = async (renew: boolean) => {
    const headers = new Headers(request.headers);
    headers.set("Authorization", await token(renew));
    try {
      return await fetch(request.url, {
        method: request.method,
        headers,
        body,
        signal: request.signal,
      });
    } catch (error) {
      if (request.signal.aborted) throw error;
      throw UNREACHABLE();
    }
  };
  const answer = await send(false);
  return answer.status === 401 ? send(true) : answer;
}

/** A token that is due is renewed by a request of its own, which the same line can break. */
async function token(renew: boolean): Promise<string> {
  try {
    return await freshToken(renew);
  } catch (error) {
    if (isUnreachable(error)) throw UNREACHABLE();
    throw error;
  }
}

const UNREACHABLE = () =>
  new ApiError(0, "NetworkError", "The service cannot be reached. Are you online?");

let client: ReturnType<typeof createClient<paths>> | undefined;

export function api() {
  client ??= createClient<paths>({ baseUrl: config().apiUrl, fetch: authorizedFetch });
  return client;
}

/** The answer's data. Throws ApiError for what is no 2xx. */
export async function data<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw errorOf(response, error);
  return data as T;
}

function errorOf(response: Response, body: unknown): ApiError {
  const error = (body && typeof body === "object" ? body : {}) as Partial<Schemas["ErrorBody"]>;
  return new ApiError(
    response.status,
    error.code ?? `Http${response.status}`,
    error.message ?? "The service answered with an error that it did not explain.",
    error.requestId,
    error.fields ?? [],
    error.restore ?? undefined,
    error.photoId ?? undefined,
    Number(response.headers.get("Retry-After")) || undefined,
  );
}
