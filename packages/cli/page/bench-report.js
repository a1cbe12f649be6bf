// @ts-check
// Draws the plots of a load test. The figures come from the page itself; uPlot stands before this script.
(() => {
  /** @typedef {'time' | 'cores' | 'octets' | 'count' | 'rate'} Unit */
  /** @typedef {{ label: string, colour: 'one' | 'two' | 'three', unit: Unit, right?: true, earlier?: true }} Line */
  // What `src/bench/report/html-plots.ts` packs.
  /**
   * @typedef {{
   *   id: string, title: string, words: string, x: 'seconds' | 'percentile', log: boolean,
   *   shaded: [number, number][], lines: Line[], tables: [number[], ...(number | null)[][]][],
   * }} Plot
   */
  /** @typedef {import('uplot')} Chart */

  const Chart = /** @type {typeof import('uplot')} */ (Reflect.get(globalThis, 'uPlot'));

  /** Of the page on paper, in CSS pixels. */
  const PAPER_WIDTH = 640;
  const HEIGHT = 240;
  /** Room for the labels of an axis. */
  const AXIS_WIDTH = 62;

  const plots = /** @type {Plot[]} */ (
    JSON.parse(document.getElementById('plot-data')?.textContent ?? '[]')
  );
  /** @type {Map<HTMLElement, Chart>} */
  const drawn = new Map();
  let printing = false;

  /** @param {number} value */
  function digits(value) {
    const size = Math.abs(value);
    if (value === 0 || size >= 99.95) return value.toFixed(0);
    if (size >= 9.995) return value.toFixed(1);
    return size >= 0.0995 ? value.toFixed(2) : value.toPrecision(2);
  }

  /**
   * @param {number} value
   * @param {readonly string[]} units a thousand times the one before, each
   */
  function scaled(value, units) {
    let shown = value;
    let unit = 0;
    while (Math.abs(shown) >= 999.5 && unit < units.length - 1) {
      shown /= 1000;
      unit += 1;
    }
    return `${digits(shown)}${units[unit]}`;
  }

  /**
   * @param {Unit} unit
   * @param {number} value
   */
  function words(unit, value) {
    switch (unit) {
      case 'time':
        return value > 0 && value < 0.9995
          ? `${digits(value * 1000)} µs`
          : scaled(value, [' ms', ' s']);
      case 'cores':
        return value.toFixed(2);
      case 'octets':
        return scaled(value, [' B', ' kB', ' MB', ' GB', ' TB']);
      case 'count':
        return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
      case 'rate':
        return Math.abs(value) >= 99.95
          ? value.toLocaleString('en-US', { maximumFractionDigits: 0 })
          : digits(value);
    }
  }

  /**
   * Of an axis: without trailing zeros, so that it is short.
   *
   * @param {Unit} unit
   * @param {number | null} value null: of a line without a label
   */
  function tick(unit, value) {
    if (value === null) return '';
    const round = (/** @type {string} */ text) =>
      text.replace(/(\.\d*?)0+(?=\D*$)/, '$1').replace(/\.(?=\D*$)/, '');
    if (unit === 'count' || unit === 'rate') return round(scaled(value, ['', 'k', 'M', 'G']));
    return round(words(unit, value));
  }

  /** @param {number} x one in so many */
  function percentile(x) {
    const share = 100 * (1 - 1 / x);
    return `${Number(share.toPrecision(Math.max(2, Math.ceil(Math.log10(x)) + 1)))} %`;
  }

  /** @param {string} name */
  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  }

  /**
   * @param {Plot} plot
   * @returns {import('uplot').Series}
   */
  function seriesX({ x }) {
    if (x === 'percentile') {
      return {
        label: 'percentile',
        value: (_, value) => (value === null ? '–' : percentile(value)),
      };
    }
    return { label: 'at', value: (_, value) => (value === null ? '–' : `${value.toFixed(1)} s`) };
  }

  /**
   * @param {Line} line
   * @returns {import('uplot').Series}
   */
  function seriesY({ label, colour: name, unit, right, earlier }) {
    return {
      label,
      scale: right ? 'right' : 'left',
      stroke: colour(name),
      width: earlier ? 1 : 2,
      ...(earlier ? { dash: [4, 4], points: { show: false } } : {}),
      value: (_, value) => (value === null || value === undefined ? '–' : words(unit, value)),
    };
  }

  /**
   * @param {Plot} plot
   * @returns {import('uplot').Axis[]}
   */
  function axes({ x, lines }) {
    const look = {
      stroke: colour('quiet'),
      grid: { stroke: colour('line'), width: 1 },
      ticks: { stroke: colour('line'), width: 1 },
      font: '12px system-ui, sans-serif',
    };
    const left = lines.find(({ right }) => !right);
    const right = lines.find((line) => line.right);
    /** @type {import('uplot').Axis} */
    const bottom =
      x === 'percentile'
        ? {
            ...look,
            splits: (_chart, _axis, _min, max) => tens(max),
            filter: (_, splits) => splits,
            values: (_, splits) => splits.map(percentile),
          }
        : {
            ...look,
            values: (_, splits) => splits.map((value) => `${Number(value.toFixed(3))} s`),
          };
    /** @type {import('uplot').Axis[]} */
    const all = [bottom];
    if (left !== undefined) {
      all.push({
        ...look,
        scale: 'left',
        size: AXIS_WIDTH,
        values: (_, splits) => splits.map((value) => tick(left.unit, value)),
      });
    }
    if (right !== undefined) {
      all.push({
        ...look,
        scale: 'right',
        side: 1,
        size: AXIS_WIDTH,
        grid: { show: false },
        values: (_, splits) => splits.map((value) => tick(right.unit, value)),
      });
    }
    return all;
  }

  /**
   * One in two, one in ten, one in a hundred, …
   *
   * @param {number} most
   */
  function tens(most) {
    const splits = [2];
    for (let split = 10; split <= most; split *= 10) splits.push(split);
    return splits;
  }

  /**
   * @param {Plot} plot
   * @returns {import('uplot').Scales}
   */
  function scales({ x, log }) {
    /** @type {import('uplot').Scale.Range} */
    const fromZero = (_, _min, max) => [0, max > 0 ? max * 1.08 : 1];
    return {
      x:
        x === 'percentile'
          ? { time: false, distr: 3, range: (_, _min, max) => [1, Math.max(10, max)] }
          : { time: false },
      left: log ? { distr: 3 } : { range: fromZero },
      right: { range: fromZero },
    };
  }

  /**
   * @param {Plot} plot
   * @param {HTMLElement} box
   */
  function draw(plot, box) {
    drawn.get(box)?.destroy();
    const [first, ...others] = plot.tables;
    if (first === undefined) return;
    const data = /** @type {import('uplot').AlignedData} */ (
      others.length === 0
        ? first
        : Chart.join(/** @type {import('uplot').AlignedData[]} */ (plot.tables))
    );
    /** @type {import('uplot').Options} */
    const options = {
      width: printing ? PAPER_WIDTH : box.clientWidth,
      height: HEIGHT,
      scales: scales(plot),
      axes: axes(plot),
      series: [seriesX(plot), ...plot.lines.map(seriesY)],
      cursor: {
        drag: { x: false, y: false },
        ...(plot.x === 'seconds' ? { sync: { key: 'seconds' } } : {}),
      },
      legend: {
        markers: { dash: (_, at) => (plot.lines[at - 1]?.earlier ? 'dotted' : 'solid') },
      },
      hooks: { drawClear: [(chart) => shade(chart, plot.shaded)] },
    };
    drawn.set(box, new Chart(options, data, box));
  }

  /**
   * @param {Chart} chart
   * @param {[number, number][]} parts
   */
  function shade(chart, parts) {
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.fillStyle = colour('shade');
    for (const [from, to] of parts) {
      const left = Math.max(bbox.left, chart.valToPos(from, 'x', true));
      const right = Math.min(bbox.left + bbox.width, chart.valToPos(to, 'x', true));
      if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
    }
    ctx.restore();
  }

  /**
   * Arrows move the cursor from value to value, as a mouse does; the legend tells what is there.
   *
   * @param {KeyboardEvent} event
   * @param {HTMLElement} box
   */
  function onKey(event, box) {
    const chart = drawn.get(box);
    const xs = chart?.data[0];
    if (chart === undefined || xs === undefined || xs.length === 0) return;
    const last = xs.length - 1;
    const at = chart.cursor.idx ?? 0;
    /** @type {Record<string, number>} */
    const places = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last };
    const place = places[event.key];
    if (place === undefined) return;
    event.preventDefault();
    const x = xs[Math.min(last, Math.max(0, place))] ?? 0;
    chart.setCursor({ left: chart.valToPos(x, 'x'), top: chart.over.clientHeight / 2 });
  }

  /** @type {[Plot, HTMLElement][]} */
  const boxes = [];
  for (const plot of plots) {
    const box = document.getElementById(`plot-${plot.id}`);
    if (box === null) continue;
    boxes.push([plot, box]);
    box.tabIndex = 0;
    box.setAttribute('role', 'group');
    box.setAttribute(
      'aria-label',
      `Plot: ${plot.title}. ${plot.words} Arrow keys move from value to value.`,
    );
    box.addEventListener('keydown', (event) => onKey(event, box));
  }

  function drawAll() {
    for (const [plot, box] of boxes) draw(plot, box);
  }

  /** @param {boolean} begins */
  function onPrint(begins) {
    printing = begins;
    document.documentElement.classList.toggle('printing', begins);
    drawAll();
  }

  drawAll();
  const sizes = new ResizeObserver((entries) => {
    if (printing) return;
    for (const { target } of entries) {
      if (!(target instanceof HTMLElement)) continue;
      const chart = drawn.get(target);
      const width = target.clientWidth;
      if (chart !== undefined && width > 0 && chart.width !== width) {
        chart.setSize({ width, height: HEIGHT });
      }
    }
  });
  for (const [, box] of boxes) sizes.observe(box);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  addEventListener('beforeprint', () => onPrint(true));
  addEventListener('afterprint', () => onPrint(false));
})();
