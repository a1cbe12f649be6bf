/** A path of a URL, taken apart: what it names below a root directory. */
export interface ResolvedPath {
  /** Decoded names from the root down. None is empty, begins with a dot, or holds a slash, a backslash or NUL. */
  readonly segments: readonly string[];
  /** Whether the path ended in a slash, which asks for a directory. */
  readonly isDirectory: boolean;
}

/** The status that answers a path which names nothing: 400 for a malformed one, 404 for one we do not serve. */
export type PathRefusal = 400 | 404;

/**
 * Takes the path of a URL apart, decoding it exactly once.
 *
 * @param pathname - The path as it was sent, still percent-encoded, with its leading slash and without a query.
 * @returns The names in it, or the status that refuses it. Nothing it returns can lead out of a directory by name;
 * symbolic links are {@link openFile}'s part.
 */
export function resolvePath(pathname: string): ResolvedPath | PathRefusal {
  if (!pathname.startsWith('/')) return 400;
  const segments: string[] = [];
  for (const encoded of pathname.slice(1).split('/')) {
    const segment = decodeSegment(encoded);
    if (segment === undefined) return 400;
    segments.push(segment);
  }
  const isDirectory = segments.at(-1) === '';
  if (isDirectory) segments.pop();
  return segments.every(isServed) ? { segments, isDirectory } : 404;
}

/** Writes decoded names as a path of a URL: one leading slash, and nothing in it that a browser would read anew. */
export function encodePath(segments: readonly string[], isDirectory: boolean): string {
  const path = segments.map((segment) => `/${encodeURIComponent(segment)}`).join('');
  return isDirectory ? `${path}/` : path;
}

function decodeSegment(encoded: string): string | undefined {
  try {
    const segment = decodeURIComponent(encoded);
    return segment.includes('\0') ? undefined : segment;
  } catch {
    return undefined; // a lone `%`, a bad escape, or octets that are not UTF-8
  }
}

function isServed(segment: string): boolean {
  // An empty name in the middle is `//`: browsers read `//host` as another origin, so we serve no such path at all.
  // A leading dot covers `.`, `..` and every hidden file.
  if (segment === '' || segment.startsWith('.')) return false;
  if (segment.includes('/') || segment.includes('\\')) return false;
  // On Windows `name:stream` is another stream of the file, and `c:` a drive.
  return !(process.platform === 'win32' && segment.includes(':'));
}
