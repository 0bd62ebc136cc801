/** Events, and who attends them. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, data, type EventDetails, type Photo } from "./client";
import { resetLists } from "./lists";

export interface EventFields {
  name: string;
  description: string | null;
  startsAt: string | null;
}

const PAGE_SIZE = 50;
const COVER_PICTURES = 3;
const COVER_LASTS_MS = 10 * 60_000;

export function useEvents() {
  return useInfiniteQuery({
    queryKey: ["events"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor, signal }) =>
      data(api().GET("/events", { params: { query: { cursor, limit: PAGE_SIZE } }, signal })),
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });
}

const pathOf = (eventId: string) => ({ params: { path: { eventId } } });

export function useEvent(eventId: string | null) {
  return useQuery({
    queryKey: ["event", eventId],
    queryFn: ({ signal }) =>
      data(api().GET("/events/{eventId}", { ...pathOf(eventId ?? ""), signal })),
    enabled: eventId !== null,
  });
}

/** The newest few pictures of an event, to know it by. */
export function useCover(eventId: string) {
  return useQuery({
    queryKey: ["cover", eventId],
    staleTime: COVER_LASTS_MS,
    queryFn: async ({ signal }): Promise<Photo[]> => {
      const page = await data(
        api().GET("/events/{eventId}/photos", {
          params: { path: { eventId }, query: { status: "completed", limit: COVER_PICTURES } },
          signal,
        }),
      );
      return page.items.filter((photo) => photo.thumbnails.length > 0);
    },
  });
}

export function useSaveEvent(eventId?: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: EventFields): Promise<EventDetails> =>
      eventId
        ? data(api().PATCH("/events/{eventId}", { ...pathOf(eventId), body }))
        : data(api().POST("/events", { body })),
    onSuccess: (event) => {
      queries.setQueryData(["event", event.eventId], event);
      void queries.invalidateQueries({ queryKey: ["events"] });
    },
  });
}

export function useDeleteEvent(eventId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (photos: "keep" | "delete") =>
      data(
        api().DELETE("/events/{eventId}", {
          params: { path: { eventId }, query: { photos } },
        }),
      ),
    onSuccess: () => {
      queries.removeQueries({ queryKey: ["event", eventId] });
      void queries.invalidateQueries({ queryKey: ["events"] });
      void resetLists(queries);
    },
  });
}

export function useAttendees(eventId: string) {
  return useInfiniteQuery({
    queryKey: ["attendees", eventId],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor, signal }) =>
      data(
        api().GET("/events/{eventId}/attendees", {
          params: { path: { eventId }, query: { cursor, limit: 100 } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });
}

export interface Refused {
  email: string;
  error: unknown;
}

const AT_A_TIME = 4;

/** Register many addresses; answers with those that were refused, and why. */
export function useAddAttendees(eventId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (emails: string[]): Promise<Refused[]> => {
      const refused: Refused[] = [];
      const left = [...emails];
      const worker = async () => {
        for (let email = left.shift(); email; email = left.shift()) {
          try {
            await data(
              api().PUT("/events/{eventId}/attendees/{email}", {
                params: { path: { eventId, email } },
              }),
            );
          } catch (error) {
            refused.push({ email, error });
          }
        }
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, worker));
      return refused;
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["attendees", eventId] }),
  });
}

export function useRemoveAttendee(eventId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (email: string) =>
      data(
        api().DELETE("/events/{eventId}/attendees/{email}", {
          params: { path: { eventId, email } },
        }),
      ),
    onSettled: () => queries.invalidateQueries({ queryKey: ["attendees", eventId] }),
  });
}

/** The addresses in a pasted text (lists, "Name <address>", one per line), and what only looks like one. */
export function addressesIn(text: string): { emails: string[]; others: string[] } {
  const words = [...new Set(text.toLowerCase().split(/[\s,;<>"'()]+/))];
  const isAddress = (word: string) => /^[^@]+@[^@]+\.[^@.]+$/.test(word);
  return {
    emails: words.filter(isAddress),
    others: words.filter((word) => word.includes("@") && !isAddress(word)),
  };
}
