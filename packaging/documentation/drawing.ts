/**
 * A drawing of boxes on a grid and of arrows between them, from a text of such lines:
 *
 * ```
 * title What the drawing shows
 * box function 1,0 Function version
 * box stop 2,1 Deployment stops | no database, no schedule
 * arrow function test
 * arrow test stop fails
 * ```
 *
 * A `|` breaks the text of a box. A box whose position ends with `!` is drawn as an end.
 */
export function drawingOf(source: string): string {
  const boxes = new Map<string, Box>();
  const arrows: Arrow[] = [];
  let title = '';
  for (const line of source.split('\n').filter((each) => each.trim() !== '' && !each.startsWith('#'))) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === 'title') {
      title = rest.join(' ');
    } else if (word === 'box') {
      const [name, position, ...text] = rest;
      const [column, row] = position.replace('!', '').split(',').map(Number);
      boxes.set(name, { column, row, isEnd: position.endsWith('!'), lines: text.join(' ').split(/\s*\|\s*/) });
    } else if (word === 'arrow') {
      const [from, to, ...label] = rest;
      arrows.push({ from: found(boxes, from), to: found(boxes, to), label: label.join(' ') });
    } else {
      throw new Error(`A line of a drawing begins with title, box or arrow; got ${JSON.stringify(line)}.`);
    }
  }
  const width = MARGIN + Math.max(...[...boxes.values()].map(({ column }) => column + 1)) * STEP.x - GAP.x + MARGIN;
  const height = MARGIN + Math.max(...[...boxes.values()].map(({ row }) => row + 1)) * STEP.y - GAP.y + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
      'role="img" font-family="system-ui, Helvetica, Arial, sans-serif" font-size="13">',
    `<title>${escaped(title)}</title>`,
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">' +
      '<path d="M0 0 L8 4 L0 8 z" fill="#57606a"/></marker></defs>',
    // A ground of its own: the page around it may be dark.
    `<rect width="${width}" height="${height}" rx="8" fill="#ffffff"/>`,
    ...arrows.map(drawnArrow),
    ...[...boxes.values()].map(drawnBox),
    '</svg>\n',
  ].join('\n');
}

interface Box {
  readonly column: number;
  readonly row: number;
  readonly isEnd: boolean;
  readonly lines: readonly string[];
}

interface Arrow {
  readonly from: Box;
  readonly to: Box;
  readonly label: string;
}

const SIZE = { x: 150, y: 56 };
const GAP = { x: 62, y: 46 };
const STEP = { x: SIZE.x + GAP.x, y: SIZE.y + GAP.y };
const MARGIN = 16;
const LINE = 17;

function found(boxes: ReadonlyMap<string, Box>, name: string): Box {
  const box = boxes.get(name);
  if (box === undefined) throw new Error(`The drawing has no box ${name}; an arrow names boxes of earlier lines.`);
  return box;
}

function corner({ column, row }: Box): { x: number; y: number } {
  return { x: MARGIN + column * STEP.x, y: MARGIN + row * STEP.y };
}

function drawnBox(box: Box): string {
  const { x, y } = corner(box);
  const [fill, stroke] = box.isEnd ? ['#ffebe9', '#cf222e'] : ['#ddf4ff', '#0969da'];
  const first = y + SIZE.y / 2 - ((box.lines.length - 1) * LINE) / 2 + 4;
  const lines = box.lines.map(
    (line, index) =>
      `<text x="${x + SIZE.x / 2}" y="${first + index * LINE}" text-anchor="middle" fill="#1f2328">${escaped(line)}</text>`,
  );
  return [
    `<rect x="${x}" y="${y}" width="${SIZE.x}" height="${SIZE.y}" rx="6" fill="${fill}" stroke="${stroke}"/>`,
    ...lines,
  ].join('\n');
}

/** From the side that faces the other box; to a box of another row and column, first along the row, then along the column. */
function drawnArrow({ from, to, label }: Arrow): string {
  const [start, end] = [corner(from), corner(to)];
  const middle = { x: SIZE.x / 2, y: SIZE.y / 2 };
  const [right, down] = [Math.sign(to.column - from.column), Math.sign(to.row - from.row)];
  const leaves = right === 0 ? { x: middle.x, y: down > 0 ? SIZE.y : 0 } : { x: right > 0 ? SIZE.x : 0, y: middle.y };
  const enters = down === 0 ? { x: right > 0 ? 0 : SIZE.x, y: middle.y } : { x: middle.x, y: down > 0 ? 0 : SIZE.y };
  const [x1, y1, x2, y2] = [start.x + leaves.x, start.y + leaves.y, end.x + enters.x, end.y + enters.y];
  const text =
    down === 0
      ? { x: (x1 + x2) / 2, y: y1 - 6, anchor: 'middle' }
      : { x: x2 + 6, y: right === 0 ? (y1 + y2) / 2 + 4 : y2 - 14, anchor: 'start' };
  return [
    // A segment without a length would have no direction for the head of the arrow.
    `<path d="M${x1} ${y1}${right === 0 ? '' : ` H${x2}`}${down === 0 ? '' : ` V${y2}`}" fill="none" stroke="#57606a" stroke-width="1.5" marker-end="url(#head)"/>`,
    ...(label === ''
      ? []
      : [`<text x="${text.x}" y="${text.y}" text-anchor="${text.anchor}" fill="#57606a">${escaped(label)}</text>`]),
  ].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
