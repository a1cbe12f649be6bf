/** The time of day where we are: `12:01:02.123`. */
export function localTime(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const milliseconds = String(time.getMilliseconds()).padStart(3, '0');
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${milliseconds}`;
}
