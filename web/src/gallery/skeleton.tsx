/** Grey tiles where photos are about to be. */
import { gapOf, useFrame, useLayout } from "./frame";

const SHAPES = [1.5, 0.75, 1.33, 1.5, 1, 0.67, 1.78, 1.33, 1.5, 0.75, 1.5, 1.33];

export function GallerySkeleton() {
  const { ref, width } = useFrame();
  const { boxes, height } = useLayout(SHAPES, width);
  return (
    <>
      <p className="visually-hidden" role="status">
        Loading photos…
      </p>
      <ul className="gallery" ref={ref} style={{ height }} aria-hidden>
        <Tiles boxes={boxes} />
      </ul>
    </>
  );
}

/**
 * Rows below the last full row of photos, where the next page will be. They have a height of their
 * own: photos that come take their place and move nothing.
 */
export function SkeletonRows({ width }: { width: number }) {
  const { boxes, height } = useLayout(SHAPES, width);
  return (
    <ul className="gallery" style={{ height, marginTop: gapOf(width) }} aria-hidden>
      <Tiles boxes={boxes} />
    </ul>
  );
}

function Tiles({ boxes }: Pick<ReturnType<typeof useLayout>, "boxes">) {
  return boxes.map((box, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: they never change
    <li key={index} className="tile skeleton" style={box} />
  ));
}
