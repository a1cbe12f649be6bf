import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { openFile } from './open-file.ts';
import { encodePath, resolvePath } from './path-resolver.ts';
import {
  type BuiltInPage,
  type Representation,
  representFile,
  representPage,
} from './representation.ts';
import { parseRequestTarget } from './request-target.ts';
import { isItsTurn } from './response-turn.ts';
import { sendRepresentation } from './send-representation.ts';
import { sendStatusPage } from './status-page.ts';

/** What {@link StaticFiles} serves, and how. */
export interface StaticFilesOptions {
  /** Directory to serve. Nothing outside of it is ever sent, unless {@link followSymlinks} lets a link lead there. */
  readonly root: string;
  /** Whether symbolic links below the root are followed, out of it too. Else they answer 404. @default false */
  readonly followSymlinks?: boolean;
  /** Files below the root that do not exist for clients, by their numbers. @default none */
  readonly hidden?: ((file: { readonly dev: bigint; readonly ino: bigint }) => boolean) | undefined;
  /**
   * Pages by their exact decoded path, such as `/test.html`, or `/` for a root without an index.html. A file wins
   * over them. @default none
   */
  readonly builtIn?: ReadonlyMap<string, BuiltInPage>;
  /**
   * Milliseconds until a client has to have taken the next piece of an answer, or its connection is destroyed. The kernel
   * asks for more only when a good part of its own buffer is free, so a slow reader needs far more than a piece's time.
   * @default 120_000
   */
  readonly stallTimeout?: number;
}

type Finding =
  | { readonly kind: 'content'; readonly representation: Representation }
  | { readonly kind: 'page'; readonly status: number; readonly headers?: OutgoingHttpHeaders };

const INDEX = 'index.html';

/**
 * Answers GET and HEAD with the files of a directory: validators, one range, 304 and 412, and no way out of the root.
 * Hidden files, and whatever is no regular file, do not exist for it.
 */
export class StaticFiles {
  readonly #root: string;
  readonly #followSymlinks: boolean;
  readonly #stallTimeout: number;
  readonly #hidden: NonNullable<StaticFilesOptions['hidden']>;
  readonly #builtIn = new Map<string, Representation>();

  constructor(options: StaticFilesOptions) {
    this.#root = options.root;
    this.#followSymlinks = options.followSymlinks ?? false;
    this.#stallTimeout = options.stallTimeout ?? 120_000;
    this.#hidden = options.hidden ?? (() => false);
    for (const [pathname, page] of options.builtIn ?? []) {
      this.#builtIn.set(pathname, representPage(page));
    }
  }

  /**
   * Answers one request. `request.url` must be the target as it was sent: it is decoded here, once.
   *
   * @returns when the answer is out, or the client gone. No descriptor is left open by then.
   * @throws what the file system reports beyond a missing, forbidden or busy path; the response is then still to be
   * answered. {@link FileReadError} for a file that changed while it was sent; the connection is then destroyed.
   */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!(await isItsTurn(request, response))) return;
    const finding = await this.#find(request);
    if (finding.kind === 'page') {
      sendStatusPage(response, finding.status, finding.headers);
      return;
    }
    const { representation } = finding;
    try {
      await sendRepresentation(request, response, representation, this.#stallTimeout);
    } finally {
      await representation.close();
    }
  }

  async #find(request: IncomingMessage): Promise<Finding> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { kind: 'page', status: 405, headers: { Allow: 'GET, HEAD' } };
    }
    const target = parseRequestTarget(request.url ?? '', request.headers.host);
    if (target === undefined) return { kind: 'page', status: 400 };
    const path = resolvePath(target.pathname);
    if (typeof path === 'number') return { kind: 'page', status: path };

    const { segments, isDirectory } = path;
    const names = isDirectory ? [...segments, INDEX] : segments;
    const opened = await openFile(this.#root, names, this.#followSymlinks);
    switch (opened.kind) {
      case 'file':
        if (this.#hidden(opened.file.stats)) {
          await opened.file.handle.close();
          return { kind: 'page', status: 404 };
        }
        return {
          kind: 'content',
          representation: representFile(opened.file, names.at(-1) ?? ''),
        };
      case 'directory':
        if (isDirectory) return { kind: 'page', status: 404 };
        // Written anew from the decoded names: it cannot name another host, whatever was sent.
        return {
          kind: 'page',
          status: 301,
          headers: { Location: encodePath(segments, true) + target.query },
        };
      case 'refused': {
        const { status } = opened;
        const representation =
          status === 404 ? this.#builtIn.get(decodedPath(segments, isDirectory)) : undefined;
        if (representation !== undefined) return { kind: 'content', representation };
        return status === 503
          ? { kind: 'page', status, headers: { 'Retry-After': '1' } }
          : { kind: 'page', status };
      }
    }
  }
}

function decodedPath(segments: readonly string[], isDirectory: boolean): string {
  const path = segments.map((segment) => `/${segment}`).join('');
  return isDirectory ? `${path}/` : path;
}
