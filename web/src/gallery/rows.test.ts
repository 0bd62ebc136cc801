import { expect, test } from "vitest";
import { inRows, type Layout, pictureAt, rowsBetween } from "./rows";

const SHAPES = Array.from(
  { length: 60 },
  (_, index) => [1.5, 0.67, 1, 2.4, 1.33][(index * 7) % 5] ?? 1,
);
const DESKTOP = { width: 1280, height: 230, gap: 8 };

/** Which pictures stand in each row. */
const contents = ({ rows }: Layout) => rows.map(({ first, end }) => [first, end]);

test.each([312, 700, 1280, 2200])("rows fill a width of %i and keep every shape", (width) => {
  const { boxes, rows } = inRows(SHAPES, { ...DESKTOP, width });

  expect(boxes).toHaveLength(SHAPES.length);
  boxes.forEach((box, index) => {
    expect(box.width / box.height).toBeCloseTo(SHAPES[index] ?? 0, 5);
  });
  for (const { first, end, top } of rows.slice(0, -1)) {
    const row = boxes.slice(first, end);
    const last = row.at(-1);
    expect(row[0]?.left).toBe(0);
    expect((last?.left ?? 0) + (last?.width ?? 0)).toBeCloseTo(width, 5);
    expect(new Set(row.map((box) => box.top))).toEqual(new Set([top]));
  }
});

test("rows stand below each other, a gap apart, and hold every picture once", () => {
  const { rows, height } = inRows(SHAPES, DESKTOP);

  rows.forEach((row, number) => {
    const before = rows[number - 1];
    expect(row.first).toBe(before?.end ?? 0);
    expect(row.top).toBeCloseTo(before ? before.top + before.height + 8 : 0, 5);
  });
  const last = rows.at(-1);
  expect(last?.end).toBe(SHAPES.length);
  expect(height).toBeCloseTo((last?.top ?? 0) + (last?.height ?? 0), 5);
});

test("pictures that are added move none before the last row", () => {
  for (let count = 1; count < SHAPES.length; count++) {
    const few = inRows(SHAPES.slice(0, count), DESKTOP, true);
    const more = inRows(SHAPES, DESKTOP);

    expect(more.boxes.slice(0, few.boxes.length)).toEqual(few.boxes);
    expect(contents(more).slice(0, few.rows.length)).toEqual(contents(few));
  }
});

test("a last row that is not full keeps the height", () => {
  expect(inRows([1.5, 1], DESKTOP)).toEqual({
    boxes: [
      { left: 0, top: 0, width: 345, height: 230 },
      { left: 353, top: 0, width: 230, height: 230 },
    ],
    rows: [{ first: 0, end: 2, top: 0, height: 230 }],
    height: 230,
  });
});

test("a last row that is not full waits for the pictures that are to come", () => {
  expect(inRows([1.5, 1], DESKTOP, true)).toEqual({ boxes: [], rows: [], height: 0 });
});

test("only rows near what is seen are drawn, and the row of the current picture", () => {
  const squares = inRows(Array(40).fill(1), { width: 1000, height: 240, gap: 0 });
  const drawn = (from: number, to: number, current: number) =>
    rowsBetween(squares, from, to, current).map(({ top }) => top / 250);

  expect(drawn(600, 1100, 0)).toEqual([0, 2, 3, 4]);
  expect(drawn(600, 1100, 13)).toEqual([2, 3, 4]);
  expect(drawn(600, 1100, 39)).toEqual([2, 3, 4, 9]);
  expect(drawn(-500, 100, 0)).toEqual([0]);
  expect(drawn(9000, 9500, 0)).toEqual([0]);
});

test("arrow keys lead to the next picture, and to the nearest one of the next row", () => {
  const squares = inRows(Array(12).fill(1), { width: 1000, height: 240, gap: 0 });
  expect(contents(squares)).toEqual([
    [0, 4],
    [4, 8],
    [8, 12],
  ]);

  expect(pictureAt("ArrowRight", squares, 3)).toBe(4);
  expect(pictureAt("ArrowLeft", squares, 4)).toBe(3);
  expect(pictureAt("ArrowDown", squares, 1)).toBe(5);
  expect(pictureAt("ArrowUp", squares, 10)).toBe(6);
  expect(pictureAt("Home", squares, 10)).toBe(0);
  expect(pictureAt("End", squares, 1)).toBe(11);
  expect(pictureAt("a", squares, 1)).toBe(-1);
});

test("at its edges the gallery does not move on", () => {
  const squares = inRows(Array(6).fill(1), { width: 1000, height: 240, gap: 0 });

  expect(pictureAt("ArrowLeft", squares, 0)).toBe(0);
  expect(pictureAt("ArrowUp", squares, 2)).toBe(2);
  expect(pictureAt("ArrowRight", squares, 5)).toBe(5);
  expect(pictureAt("ArrowDown", squares, 5)).toBe(5);
  expect(pictureAt("ArrowDown", squares, 3)).toBe(5);
});

test("10,000 pictures are laid out in one pass", () => {
  const many = Array.from({ length: 10_000 }, (_, index) => SHAPES[index % 60] ?? 1);
  const { boxes, rows } = inRows(many, DESKTOP);

  expect(boxes).toHaveLength(many.length);
  expect(rows.at(-1)?.end).toBe(many.length);
});
