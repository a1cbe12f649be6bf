const WIDTH = 460;
const LABEL = 110;
const TEXT = 100;
const BAR = 16;
const STEP = 22;
const HEAD = 34;
const GAP = 26;

/** Colours that are legible on both: the viewer's own choice of light or dark decides. */
const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; font-size: 13px; }
.page { fill: #ffffff; }
.other { fill: #8c959f; }
.ours { fill: #0969da; }
.range { stroke: #1f2328; stroke-width: 1; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .page { fill: #0d1117; }
  .other { fill: #6e7681; }
  .ours { fill: #4493f8; }
  .range { stroke: #e6edf3; }
}`;

/**
 * Draws bars as SVG, in two columns of panels.
 *
 * @param panels - `title`, and `bars` with `label`, `median`, `min`, `max`, `text`, and `ours` for those that stand out.
 */
export function drawChart(title, panels) {
  const drawn = panels.filter(({ bars }) => bars.length > 0);
  const tops = [40, 40];
  const parts = drawn.map((panel, at) => {
    const column = at % 2;
    const top = tops[column];
    tops[column] += HEAD + panel.bars.length * STEP + GAP;
    return `<g transform="translate(${20 + column * (WIDTH + 30)} ${top})">${drawPanel(panel)}</g>`;
  });
  const width = 2 * WIDTH + 70;
  const height = Math.max(...tops);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
<style>${STYLE}</style>
<rect class="page" width="${width}" height="${height}"/>
<text class="title" x="20" y="26">${escaped(title)}: messages a second on one core</text>
${parts.join('\n')}
</svg>
`;
}

function drawPanel({ title, bars }) {
  const most = Math.max(...bars.map(({ max }) => max));
  const scale = (value) => ((WIDTH - LABEL - TEXT) * Math.max(value, 0)) / most;
  const lines = bars.map(({ label, median, min, max, text, ours }, at) => {
    const top = HEAD + at * STEP;
    const middle = top + BAR / 2;
    const [from, to] = [LABEL + scale(min), LABEL + scale(max)].map((x) => x.toFixed(1));
    return `<text x="${LABEL - 8}" y="${top + 12}" text-anchor="end">${escaped(label)}</text>
<rect class="${ours ? 'ours' : 'other'}" x="${LABEL}" y="${top}" width="${scale(median).toFixed(1)}" height="${BAR}" rx="2"/>
<line class="range" x1="${from}" x2="${to}" y1="${middle}" y2="${middle}"/>
<text x="${(Number(to) + 8).toFixed(1)}" y="${top + 12}" xml:space="preserve">${escaped(text)}</text>`;
  });
  return `<text class="title" x="0" y="20">${escaped(title)}</text>\n${lines.join('\n')}`;
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
