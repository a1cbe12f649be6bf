import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { RequestHead } from 'meerkat/protocol';
import { annotateRequest } from '../handshake/annotate-request.ts';
import { annotateResponse } from '../handshake/annotate-response.ts';
import { renderHead } from '../handshake/render-head.ts';
import { oneLine } from '../terminal/escape-controls.ts';
import type { Palette } from '../terminal/palette.ts';
import { HeadGatherer } from '../traffic/head-gatherer.ts';
import { parseRequestHead, parseResponseHead } from '../traffic/http-head.ts';

/** What a {@link HandshakeView} is told. */
export interface HandshakeViewSetup {
  readonly palette: Palette;
  /** Shows credentials too. */
  readonly showSecrets: boolean;
  /** Prints one line. */
  print(line: string): void;
}

/** What every response begins with that can open a WebSocket. */
const HTTP = 'HTTP/1.';
/** Octets of an answer that is no HTTP which are shown. */
const MAX_FOREIGN = 80;

/** Shows how a connection comes about: TCP, TLS, our request and the response, field by field. */
export class HandshakeView {
  readonly #setup: HandshakeViewSetup;
  readonly #asked = new HeadGatherer();
  readonly #answered = new HeadGatherer();
  #connected = false;
  /** What was asked, once it is complete. */
  #request: RequestHead | undefined;
  /** Whether what follows is no response any more. */
  #over = false;

  constructor(setup: HandshakeViewSetup) {
    this.#setup = setup;
  }

  /**
   * TCP, or the unix socket at `path`, is there, and for `wss:` TLS is. From the second time on nothing is shown.
   */
  connected(socket: Socket, path: string | undefined): void {
    if (this.#connected) return;
    this.#connected = true;
    this.#network(path === undefined ? `TCP ${addresses(socket)}` : `unix socket ${path}`);
    if ('encrypted' in socket) this.#secured(socket as TLSSocket);
  }

  /** Octets of ours, before they are encrypted. */
  sent(octets: Uint8Array): void {
    if (this.#request !== undefined || !this.#asked.take(octets, 0, true, []).done) return;
    this.#request = parseRequestHead(this.#asked.text);
    if (this.#request === undefined) return;
    const { palette, showSecrets } = this.#setup;
    const annotated = annotateRequest(this.#request, { showSecrets });
    for (const line of renderHead(annotated, palette)) this.#line('>', line);
  }

  /** Octets of the server, decrypted. */
  received(octets: Uint8Array): void {
    for (let at = 0; at < octets.length && !this.#over; ) {
      const { end, done } = this.#answered.take(octets, at, true, []);
      at = end;
      const { text, full } = this.#answered;
      const foreign = text.slice(0, HTTP.length) !== HTTP.slice(0, text.length);
      if (foreign || (full && !done)) this.#noHttp(text);
      else if (done) this.#showResponse(text);
    }
  }

  #secured(socket: TLSSocket): void {
    this.#network(`${socket.getProtocol()}, ${socket.getCipher().name}`);
    // Not getPeerX509Certificate(): on Node 20 the socket has no certificate to verify any more after it.
    const { raw } = socket.getPeerCertificate() as { readonly raw?: Buffer };
    if (raw === undefined) return;
    const { subject, subjectAltName, validTo, fingerprint256 } = new X509Certificate(raw);
    this.#network(`certificate of ${subject?.replaceAll('\n', ', ') || 'nobody'}`);
    this.#network(`  for ${subjectAltName ?? 'no names'}, until ${validTo}`);
    this.#network(`  SHA-256 ${fingerprint256}`);
  }

  #showResponse(text: string): void {
    const head = parseResponseHead(text);
    if (head === undefined) {
      this.#noHttp(text);
      return;
    }
    const { palette, showSecrets } = this.#setup;
    const annotated = annotateResponse(head, this.#request, { showSecrets });
    for (const line of renderHead(annotated, palette)) this.#line('<', line);
    this.#answered.clear();
    // Others than 101 of the 1xx are followed by another response (RFC 9110 §15.2).
    this.#over = head.status === 101 || head.status >= 200;
  }

  #noHttp(text: string): void {
    this.#over = true;
    const beginning = oneLine(text, MAX_FOREIGN);
    this.#line('<', this.#setup.palette.red(`!! this is no HTTP/1: "${beginning}"`));
  }

  #network(text: string): void {
    this.#line('*', oneLine(text));
  }

  #line(mark: string, text: string): void {
    this.#setup.print(`${this.#setup.palette.dim(mark)} ${text}`);
  }
}

function addresses({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return `${authority(localAddress, localPort)} to ${authority(remoteAddress, remotePort)}`;
}

function authority(address = 'somewhere', port = 0): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
