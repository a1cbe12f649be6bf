import { createHash } from 'node:crypto';
import mime from 'mime';
import type { ByteRange } from './byte-range.ts';
import { readFile } from './file-reader.ts';
import type { OpenFile } from './open-file.ts';
import type { Validators } from './preconditions.ts';

/** A page without a file behind it. */
export interface BuiltInPage {
  readonly body: Uint8Array;
  /** `Content-Type` and whatever else goes with the body. Length and validators are added. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What a path stands for, ready to be sent. Whoever gets it closes it. */
export interface Representation extends Validators {
  /** Length of the whole, in octets. */
  readonly size: number;
  /** Headers that belong to the content. */
  readonly headers: Readonly<Record<string, string>>;
  /** Reads a range that lies within the size. */
  read(range: ByteRange): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  close(): Promise<void>;
}

// Types that are text without saying so, beside `text/*` and whatever ends in `+json` or `+xml`.
const TEXT_TYPES = new Set(['application/javascript', 'application/json', 'application/xml']);

/**
 * Represents an open file.
 *
 * @param name - Name of the file; its extension tells the type.
 */
export function representFile(file: OpenFile, name: string): Representation {
  const { handle, stats } = file;
  return {
    size: Number(stats.size),
    etag: `"${stats.mtimeNs.toString(16)}-${stats.size.toString(16)}"`,
    lastModified: lastModifiedOf(Number(stats.mtimeMs)),
    headers: { 'Content-Type': contentTypeOf(name), 'X-Content-Type-Options': 'nosniff' },
    read: (range) => readFile(file, range),
    close: () => handle.close(),
  };
}

/** Represents a page that is in memory. Its entity tag is a hash, as it has no time of its own. */
export function representPage({ body, headers }: BuiltInPage): Representation {
  return {
    size: body.length,
    etag: `"${createHash('sha256').update(body).digest('base64url')}"`,
    headers: { 'X-Content-Type-Options': 'nosniff', ...headers },
    read: ({ start, end }) => [body.subarray(start, end + 1)],
    close: async () => {},
  };
}

// "An origin server with a clock MUST NOT generate a Last-Modified date that is later than the server's time of
// message origination" (RFC 9110 §8.8.2.1), and a file can carry any date.
function lastModifiedOf(mtime: number): string | undefined {
  return mtime <= Date.now() ? new Date(mtime).toUTCString() : undefined;
}

function contentTypeOf(name: string): string {
  // `mime` takes a name without a dot for an extension, unless there is a folder before it.
  const type = mime.getType(`/${name}`) ?? 'application/octet-stream';
  const isText = type.startsWith('text/') || TEXT_TYPES.has(type) || /\+(?:json|xml)$/.test(type);
  return isText ? `${type}; charset=utf-8` : type;
}
