/** Octets that are shown of anything. */
const SHOWN = 64;

/** The first octets in hex. */
export function hexOf(octets: Uint8Array): string {
  const shown = Buffer.from(octets.subarray(0, SHOWN));
  const digits = shown.toString('hex').match(/../g) ?? [];
  return digits.join(' ') + (octets.length > SHOWN ? ' …' : '');
}

/** What a server sent, harmless and on one line: whatever is not printable ASCII is written as `\x1b`. */
export function quoted(sent: string | Uint8Array, maxLength: number = SHOWN): string {
  const text = typeof sent === 'string' ? sent : Buffer.from(sent).toString('latin1');
  const shown = text.slice(0, maxLength).replace(/[^\x20-\x7e]/g, (character) => {
    const code = character.charCodeAt(0);
    return code > 0xff
      ? `\\u${code.toString(16).padStart(4, '0')}`
      : `\\x${code.toString(16).padStart(2, '0')}`;
  });
  return `"${shown}${text.length > maxLength ? '…' : ''}"`;
}

/** `1,025 octets`, `1 octet`. */
export function octetCount(count: number): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? 'octet' : 'octets'}`;
}
