/** Pictures of any shape in full rows of nearly the same height. */
export interface Box {
  width: number;
  height: number;
}

/** Browsers count in 64ths of a pixel: rounded up, a row's sum would break into two. */
const whole = (pixels: number): number => Math.floor(pixels * 64) / 64;

/**
 * The size of each picture, in order, so that rows fill `width` exactly and stay near `height`.
 *
 * Rows are closed one by one, so pictures that are added later move none before the last row. That one
 * keeps the height when it is not full.
 */
export function inRows(ratios: number[], width: number, height: number, gap: number): Box[] {
  const boxes: Box[] = [];
  let row: number[] = [];
  const heightOf = (some: number[]) =>
    (width - gap * (some.length - 1)) / some.reduce((sum, ratio) => sum + ratio, 0);
  const close = (some: number[], rowHeight: number) => {
    for (const ratio of some) boxes.push({ width: whole(ratio * rowHeight), height: rowHeight });
  };
  for (const ratio of ratios) {
    const fuller = [...row, ratio];
    const becomes = heightOf(fuller);
    if (becomes > height) {
      row = fuller;
    } else if (row.length && heightOf(row) / height < height / becomes) {
      close(row, heightOf(row)); // it was nearer to the height without this one
      row = [ratio];
    } else {
      close(fuller, becomes);
      row = [];
    }
  }
  if (row.length) close(row, Math.min(heightOf(row), height));
  return boxes;
}
