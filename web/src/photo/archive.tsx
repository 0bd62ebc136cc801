/** Originals that S3 keeps in an archive class: what that means, and how to get one back. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Archive, Hourglass } from "lucide-react";
import { type FormEvent, useState } from "react";
import { api, data, type Photo } from "../api/client";
import { ApiError } from "../api/errors";
import { viewUrl } from "../api/photos";
import { Field } from "../ui/field";
import { ErrorNote } from "../ui/states";
import { say } from "../ui/toasts";
import { atTime } from "../ui/words";

const CLASSES = ["GLACIER", "DEEP_ARCHIVE"];

/** Whether the original cannot be read now. */
export function isArchived(photo: Photo): boolean {
  return CLASSES.includes(photo.storageClass) && photo.restore?.status !== "completed";
}

type Tier = "Expedited" | "Standard" | "Bulk";
interface Offer {
  tiers: { tier: Tier; typicalTime: string }[];
}

/** The ways back that the service offers, which it tells when the original is asked for. */
function useOffer(photoId: string) {
  return useQuery({
    queryKey: ["restore-offer", photoId],
    queryFn: async (): Promise<Offer> => {
      try {
        await viewUrl(photoId, "inline");
        return { tiers: [] };
      } catch (error) {
        if (error instanceof ApiError && error.code === "PhotoArchived" && error.restore)
          return error.restore as unknown as Offer;
        throw error;
      }
    },
  });
}

export function ArchivePanel({ photo, mayRestore }: { photo: Photo; mayRestore: boolean }) {
  return (
    <section className="panel stack" aria-labelledby="archive-heading">
      <h2 id="archive-heading">
        <Archive aria-hidden size={18} /> In the archive
      </h2>
      {photo.restore?.status === "ongoing" ? (
        <p className="row">
          <Hourglass aria-hidden size={17} /> It is being brought back. Come again later.
        </p>
      ) : (
        <>
          <p className="muted">
            The original lies in deep storage, as older photos do. Thumbnails are always here.
          </p>
          {mayRestore ? (
            <RestoreForm photo={photo} />
          ) : (
            <p className="muted">Whoever uploaded it can bring it back.</p>
          )}
        </>
      )}
    </section>
  );
}

function RestoreForm({ photo }: { photo: Photo }) {
  const queries = useQueryClient();
  const offer = useOffer(photo.photoId);
  const tiers = offer.data?.tiers ?? [];
  const [chosen, setTier] = useState<Tier>();
  const [days, setDays] = useState(7);
  const tier = chosen ?? tiers[0]?.tier;
  const restore = useMutation({
    mutationFn: (body: { tier: Tier; days: number }) =>
      data(
        api().POST("/photos/{photoId}/restore", {
          params: { path: { photoId: photo.photoId } },
          body,
        }),
      ),
    onSuccess: ({ restore }) => {
      void queries.invalidateQueries({ queryKey: ["photo", photo.photoId] });
      say(
        restore?.expiresAt
          ? `Here until ${atTime(restore.expiresAt)}`
          : "On its way back from the archive",
      );
    },
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    if (tier) restore.mutate({ tier, days });
  }

  if (offer.isError) return <ErrorNote error={offer.error} />;
  return (
    <form className="stack" onSubmit={submit}>
      <Field label="How fast" hint="Faster costs more">
        <select value={tier} onChange={(event) => setTier(event.target.value as Tier)}>
          {tiers.map((one) => (
            <option key={one.tier} value={one.tier}>
              {one.tier}: {one.typicalTime}
            </option>
          ))}
        </select>
      </Field>
      <Field label="For how many days">
        <input
          type="number"
          min={1}
          max={30}
          required
          value={days}
          onChange={(event) => setDays(event.target.valueAsNumber)}
        />
      </Field>
      <ErrorNote error={restore.error} />
      <button type="submit" className="button" disabled={!tier || restore.isPending}>
        {restore.isPending ? "Asking…" : "Bring it back"}
      </button>
    </form>
  );
}
