import { expect, test } from "vitest";
import { inRows } from "./rows";

const SHAPES = Array.from(
  { length: 60 },
  (_, index) => [1.5, 0.67, 1, 2.4, 1.33][(index * 7) % 5] ?? 1,
);

function rowsOf(boxes: { width: number; height: number }[], width: number, gap: number) {
  const rows: { width: number; height: number }[][] = [[]];
  let used = 0;
  for (const box of boxes) {
    if (used + box.width > width + 0.01) {
      rows.push([]);
      used = 0;
    }
    rows.at(-1)?.push(box);
    used += box.width + gap;
  }
  return rows;
}

test.each([312, 700, 1280, 2200])("rows fill a width of %i and keep every shape", (width) => {
  const boxes = inRows(SHAPES, width, 230, 8);

  expect(boxes).toHaveLength(SHAPES.length);
  boxes.forEach((box, index) => {
    expect(box.width / box.height).toBeCloseTo(SHAPES[index] ?? 0, 1);
  });
  for (const row of rowsOf(boxes, width, 8).slice(0, -1)) {
    const filled = row.reduce((sum, box) => sum + box.width, 0) + 8 * (row.length - 1);
    expect(filled).toBeCloseTo(width, 0);
    expect(filled).toBeLessThanOrEqual(width);
  }
});

test("pictures that are added move none before the last row", () => {
  const few = inRows(SHAPES.slice(0, 40), 1280, 230, 8);
  const more = inRows(SHAPES, 1280, 230, 8);
  const last = rowsOf(few, 1280, 8).at(-1)?.length ?? 0;

  expect(more.slice(0, 40 - last)).toEqual(few.slice(0, 40 - last));
});

test("a last row that is not full keeps the height", () => {
  expect(inRows([1.5, 1], 1280, 230, 8)).toEqual([
    { width: 345, height: 230 },
    { width: 230, height: 230 },
  ]);
});
