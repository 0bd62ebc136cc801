/** Pictures of any shape in full rows of nearly the same height. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The pictures from `first` up to, but not including, `end`. */
export interface Row {
  first: number;
  end: number;
  top: number;
  height: number;
}

export interface Layout {
  /** The place of each picture, in order. */
  boxes: Box[];
  rows: Row[];
  height: number;
}

/**
 * Place pictures in rows that fill `width` exactly and are about `height` high.
 *
 * `ratios` are their widths divided by their heights. Rows are closed one after the other, so that
 * pictures which are added at the end change only the last row. That row keeps `height` when it is
 * not full; it is left out when `areMoreToCome`, because the next pictures will change it.
 */
export function inRows(
  ratios: number[],
  { width, height, gap }: { width: number; height: number; gap: number },
  areMoreToCome = false,
): Layout {
  const boxes: Box[] = [];
  const rows: Row[] = [];
  let first = 0;
  let sum = 0;
  let top = 0;
  const heightOf = (count: number, ratio: number) => (width - gap * (count - 1)) / ratio;

  function close(end: number, rowHeight: number) {
    let left = 0;
    for (let index = first; index < end; index++) {
      const boxWidth = (ratios[index] ?? 1) * rowHeight;
      boxes.push({ left, top, width: boxWidth, height: rowHeight });
      left += boxWidth + gap;
    }
    rows.push({ first, end, top, height: rowHeight });
    top += rowHeight + gap;
    first = end;
  }

  for (const [index, ratio] of ratios.entries()) {
    const count = index - first;
    const heightWith = heightOf(count + 1, sum + ratio);
    if (heightWith > height) {
      sum += ratio;
    } else if (count && heightOf(count, sum) / height < height / heightWith) {
      close(index, heightOf(count, sum)); // It is nearer to the wanted height without this picture.
      sum = ratio;
    } else {
      close(index + 1, heightWith);
      sum = 0;
    }
  }
  const left = ratios.length - first;
  if (left && !areMoreToCome) close(ratios.length, Math.min(heightOf(left, sum), height));
  return { boxes, rows, height: Math.max(top - gap, 0) };
}

/**
 * The rows that are at least partly between `from` and `to`, in pixels below the top of the first
 * one, and the row of the picture `current`.
 */
export function rowsBetween({ rows }: Layout, from: number, to: number, current: number): Row[] {
  return rows.filter(
    ({ first, end, top, height }) =>
      (top + height >= from && top <= to) || (first <= current && current < end),
  );
}

/** The picture that a key leads to from picture `from`, or -1 for a key that moves nothing. */
export function pictureAt(key: string, layout: Layout, from: number): number {
  const last = layout.boxes.length - 1;
  switch (key) {
    case "ArrowRight":
      return Math.min(from + 1, last);
    case "ArrowLeft":
      return Math.max(from - 1, 0);
    case "Home":
      return 0;
    case "End":
      return last;
    case "ArrowDown":
      return inNextRow(layout, from, 1);
    case "ArrowUp":
      return inNextRow(layout, from, -1);
    default:
      return -1;
  }
}

/** The picture of the next row whose middle is nearest to that of `from`; at the edge `from` itself. */
function inNextRow({ boxes, rows }: Layout, from: number, step: 1 | -1): number {
  const row = rows[rows.findIndex(({ end }) => from < end) + step];
  const start = boxes[from];
  if (!row || !start) return from;
  const distance = (index: number) => {
    const { left, width } = boxes[index] as Box;
    return Math.abs(left + width / 2 - (start.left + start.width / 2));
  };
  let best = row.first;
  for (let index = row.first; index < row.end; index++) {
    if (distance(index) < distance(best)) best = index;
  }
  return best;
}
