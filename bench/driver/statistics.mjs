/** The middle one; of an even number the mean of the two in the middle. */
function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median, least and most, as `{ median, min, max }`; undefined for none. */
export function spread(values) {
  if (values.length === 0) return undefined;
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** Three digits, with k or M; octets as they are. */
export function short(value) {
  if (value >= 999_500) return `${digits(value / 1e6)}M`;
  if (value >= 999.5) return `${digits(value / 1e3)}k`;
  return digits(value);
}

function digits(value) {
  return value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** A multiple, as `2.03×`. */
export function multiple(value) {
  return `${digits(value)}×`;
}
