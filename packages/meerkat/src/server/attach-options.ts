import { UsageError } from '../protocol/usage-error.ts';
import { ANY_PATH } from './upgrade-router.ts';

/** Where a `WebSocketServer` answers on an HTTP server. */
export interface AttachOptions {
  /** The exact path of the request, percent-encoded as it is sent. @default every path that nobody else attached */
  readonly path?: string | undefined;
}

export const ATTACH_OPTION_NAMES = ['path'] as const;

/**
 * The path to route by.
 *
 * @throws {@link UsageError} for one that no request can have.
 */
export function attachPath({ path = ANY_PATH }: AttachOptions): string {
  if (path !== ANY_PATH && (typeof path !== 'string' || !/^\/[^?#\s]*$/.test(path))) {
    throw new UsageError(
      'MEERKAT_OPTION_RANGE',
      `path ${String(path)}: it begins with a slash and has no query`,
    );
  }
  return path;
}
