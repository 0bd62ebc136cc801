import { Compass } from "lucide-react";
import { Link } from "wouter";
import { Empty } from "../ui/states";
import { useTitle } from "../ui/title";

export function NotFound() {
  useTitle("Page not found");
  return (
    <Empty icon={<Compass size={30} />} title="There is nothing here" isPage>
      <p>The link may be old, or the page may never have been.</p>
      <Link className="button" href="/photos">
        To your photos
      </Link>
    </Empty>
  );
}
