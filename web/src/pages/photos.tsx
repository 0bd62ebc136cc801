import { ImagePlus, Upload } from "lucide-react";
import { FilteredGallery, Filters, useFilter } from "../gallery/filtered";
import { Empty } from "../ui/states";
import { useTitle } from "../ui/title";
import { useUploads } from "../uploads/context";
import { Unfinished } from "../uploads/unfinished";

export function PhotosPage() {
  useTitle("Your photos");
  const { choose } = useUploads();
  const filtering = useFilter();
  return (
    <>
      <header className="page-header">
        <h1>Your photos</h1>
        <Filters {...filtering} />
      </header>
      <Unfinished />
      <FilteredGallery
        filtering={filtering}
        label="Your photos"
        hrefOf={(photo) => `/photos/${photo.photoId}`}
        empty={
          <Empty icon={<ImagePlus size={32} />} title="Your photos will be here">
            <p>Drop pictures or videos anywhere on this page, or choose them from your device.</p>
            <button type="button" className="button primary big" onClick={() => choose()}>
              <Upload aria-hidden size={18} /> Choose photos
            </button>
          </Empty>
        }
      />
    </>
  );
}
