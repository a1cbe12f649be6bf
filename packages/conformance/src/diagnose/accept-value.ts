import { createHash } from 'node:crypto';

/** RFC 6455 §1.3 */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Values that belong to the keys of well-known examples: who sends one has copied it. */
const FROM_EXAMPLES: Readonly<Record<string, string>> = {
  's3pPLMBiTxaQ9kYGzzhZRbK+xOo=': 'the example of RFC 6455 §1.3',
  'HSmrc0sMlYUkAGmm5OPpG2HaGWk=': 'an example that is often copied',
  'ZmQ5OWUxMjgwMTViNTEyM2FmZTRlOGViODZkNTk3OTBjMWRiYjBiYg==':
    'a server of 2012 that has it written into its source',
};

/** The right value of Sec-WebSocket-Accept (§4.2.2, step 5.4). */
export function acceptOf(key: string): string {
  return sha1(key + GUID).toString('base64');
}

/** The example that a value comes from. */
export function exampleOf(value: string): string | undefined {
  return FROM_EXAMPLES[value];
}

/** How somebody came to a wrong value: a clause behind "it is". */
export function mistakeIn(value: string, key: string): string | undefined {
  const right = sha1(key + GUID);
  const raw = Buffer.from(key, 'base64').toString('latin1');
  const base64 = (text: string): string => sha1(text).toString('base64');
  const candidates: [value: string, mistake: string][] = [
    [key, 'the key itself, sent back as it came'],
    [right.toString('hex'), 'the right SHA-1 in hex digits; it has to be base64 of its 20 octets'],
    [
      Buffer.from(right.toString('hex')).toString('base64'),
      'base64 of the hex digits of the right SHA-1; it has to be base64 of its 20 octets',
    ],
    [base64(key), 'the SHA-1 of the key alone: the GUID is missing behind it'],
    [base64(GUID + key), 'made of the GUID and the key in the wrong order: the key comes first'],
    [base64(raw + GUID), 'made of the decoded key: it is taken as it is written, 24 characters'],
    [base64(key + GUID.toLowerCase()), 'made with the GUID in small letters'],
    [
      base64(` ${key}${GUID}`),
      'made of the key with the blank before it: the value has to be trimmed',
    ],
    [base64(`${key} ${GUID}`), 'made of the key with a blank behind it'],
    [
      base64(`${key}\r${GUID}`),
      'made of the key with the CR behind it: the value has to be trimmed',
    ],
    [base64(`${key}\n${GUID}`), 'made of the key with a line end behind it'],
    [base64(`${key}\r\n${GUID}`), 'made of the key with its line end: the value has to be trimmed'],
    [base64(`${key}${GUID}\0`), 'made with the NUL that ends the GUID in C'],
    [base64(`${key}${GUID}\n`), 'made with a line end behind the GUID'],
    [
      createHash('sha256')
        .update(key + GUID, 'latin1')
        .digest('base64'),
      'made with SHA-256; it has to be SHA-1',
    ],
    [
      createHash('md5')
        .update(key + GUID, 'latin1')
        .digest('base64'),
      'made with MD5; it has to be SHA-1',
    ],
    [
      right.toString('base64url'),
      'in the alphabet of URLs (base64url), or without the = at its end',
    ],
    [right.toString('base64').replace('=', ''), 'without the = at its end'],
    [`"${right.toString('base64')}"`, 'in quotation marks, which do not belong there'],
  ];
  const found = candidates.find(([candidate]) => candidate === value);
  if (found !== undefined) return found[1];
  if (value.toLowerCase() === right.toString('base64').toLowerCase()) {
    return 'the right value in other letter cases: it has to stay as it is';
  }
  // Another GUID by some letters leaves no trace; a wrong form does.
  const decoded = Buffer.from(value, 'base64');
  if (/^[\da-f]{40}$/i.test(decoded.toString('latin1'))) {
    return 'base64 of 40 hex digits, where it has to be base64 of the 20 octets of the SHA-1';
  }
  if (decoded.length !== 20) return `${decoded.length} octets in base64, where a SHA-1 has 20`;
  return undefined;
}

function sha1(text: string): Buffer {
  return createHash('sha1').update(text, 'latin1').digest();
}
