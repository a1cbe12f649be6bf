// RFC 9110 §5.6.7. A recipient must take all three forms; the last one is in UTC without saying so.
const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const RFC850_DATE = /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/;
const ASCTIME_DATE = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/**
 * Reads a date of HTTP, in any of its three forms.
 *
 * @returns Milliseconds since the epoch; `undefined` for anything that is not such a date, which `Date.parse` alone
 * would often accept.
 */
export function parseHttpDate(value: string): number | undefined {
  const isAsctime = ASCTIME_DATE.test(value);
  if (!isAsctime && !IMF_FIXDATE.test(value) && !RFC850_DATE.test(value)) return undefined;
  const time = Date.parse(isAsctime ? `${value} GMT` : value);
  return Number.isNaN(time) ? undefined : time;
}
