import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as conformance from '@meerkat/conformance';
import * as meerkat from 'meerkat';
import * as protocol from 'meerkat/protocol';
import * as testing from 'meerkat/testing';
import * as topics from 'meerkat/topics';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Program, root } from '../support/program.ts';

describe('the entry points', () => {
  it('meerkat exports what applications use', () => {
    expect(Object.keys(meerkat).sort()).toMatchInlineSnapshot(`
      [
        "CLOSE_CODES",
        "COMPRESSION_RANGES",
        "CONNECTION_RANGES",
        "CloseCode",
        "ConnectionClosedError",
        "DEFAULT_COMPRESSION_NUMBERS",
        "DEFAULT_CONNECTION_NUMBERS",
        "HandshakeError",
        "PreparedMessage",
        "ProtocolError",
        "SERVER_RANGES",
        "Topics",
        "UsageError",
        "WebSocketServer",
        "connect",
        "defaultServerNumbers",
        "describeCloseCode",
        "isCloseCodeOnTheWire",
        "systemClock",
      ]
    `);
  });

  it('@meerkat/conformance exports runs, cases and reports', () => {
    expect(Object.keys(conformance).sort()).toMatchInlineSnapshot(`
      [
        "CaseFileWriter",
        "CheckError",
        "DEFAULT_STEP_TIMEOUT_MS",
        "PatternError",
        "ReportFormatError",
        "checkServer",
        "compareWithBaseline",
        "diagnose",
        "exitCodeOf",
        "htmlReport",
        "indexJson",
        "junitXml",
        "outcomeOf",
        "readIndexJson",
        "runReport",
        "sectionOf",
        "sectionTitle",
        "selectCases",
        "serveCases",
        "summaryLines",
        "writeReportFolder",
      ]
    `);
  });

  it('meerkat/protocol exports the codec', () => {
    expect(Object.keys(protocol).sort()).toMatchInlineSnapshot(`
      [
        "CLOSE_CODES",
        "CloseCode",
        "DEFAULT_LIMITS",
        "Endpoint",
        "FIN",
        "FrameParser",
        "FrameWriter",
        "HandshakeError",
        "HeaderFields",
        "Keepalive",
        "LIMIT_RANGES",
        "MAX_REASON_BYTES",
        "MessageAssembler",
        "MessageReader",
        "Opcode",
        "PreparedMessage",
        "ProtocolError",
        "RSV",
        "RSV1",
        "UPGRADE_HEAD_LIMITS",
        "UsageError",
        "Utf8Validator",
        "acceptDeflate",
        "acceptKey",
        "buildClose",
        "buildUpgradeRequest",
        "buildUpgradeResponse",
        "checkHeaders",
        "checkOptions",
        "copyOctets",
        "createKey",
        "describeCloseCode",
        "formatExtensions",
        "handshakeCodes",
        "headerList",
        "isCloseCodeOnTheWire",
        "isControl",
        "isFieldValue",
        "isKey",
        "isOpcode",
        "isToken",
        "maskInPlace",
        "maskKeys",
        "maxCompressedBytes",
        "nextState",
        "offerDeflate",
        "parseAuthority",
        "parseClose",
        "parseExtensions",
        "parseOrigin",
        "parseSubprotocols",
        "plainPrimitives",
        "rawHeadersOf",
        "readDeflateAnswer",
        "readUpgradeHead",
        "readUpgradeRequest",
        "readUpgradeResponse",
        "refuseUnknownOptions",
        "resolveLimits",
        "sameAuthority",
        "selectSubprotocol",
        "usageCodes",
        "violationCodes",
      ]
    `);
  });

  it('meerkat/topics exports publish and subscribe', () => {
    expect(Object.keys(topics).sort()).toMatchInlineSnapshot(`
      [
        "PreparedMessage",
        "Topics",
        "UsageError",
      ]
    `);
  });

  it('meerkat/testing exports what tests of applications use', () => {
    expect(Object.keys(testing).sort()).toMatchInlineSnapshot(`
      [
        "ManualClock",
        "RawPeer",
        "connectionPair",
        "fromHex",
        "toHex",
      ]
    `);
  });
});

describe('the packages, packed and installed in an empty folder', () => {
  let folder: string;

  const run = (command: string, args: string[], cwd: string): string =>
    execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'meerkat-packed-'));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const packages = ['meerkat', 'conformance', 'cli'];
    run(process.execPath, [tsc, '-b', ...packages.map((name) => `packages/${name}`)], root);
    const which = packages.flatMap((name) => ['-w', `packages/${name}`]);
    run('npm', ['pack', '--silent', '--pack-destination', folder, ...which], root);
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
    const tarballs = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    expect(tarballs.length).toBe(3);
    const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
    run('npm', ['install', ...flags, ...tarballs.map((name) => `./${name}`)], folder);
  }, 180_000);

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('installs the library without dependencies of its own', () => {
    const listed = JSON.parse(run('npm', ['ls', 'meerkat', '--json', '--long'], folder));
    expect(listed.dependencies.meerkat.dependencies ?? {}).toEqual({});
  });

  it('serves and dials with the installed library, and its types are there', async () => {
    writeFileSync(
      join(folder, 'use.js'),
      `import { createServer } from 'node:http';
       import { connect, WebSocketServer } from 'meerkat';
       import { acceptKey } from 'meerkat/protocol';
       import { connectionPair } from 'meerkat/testing';
       import { Topics } from 'meerkat/topics';
       const http = createServer();
       const wss = new WebSocketServer({ message: (c, m) => { c.send(m); } }).attach(http);
       await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
       const connection = await connect('ws://127.0.0.1:' + http.address().port);
       connection.send('packed');
       for await (const message of connection) { console.log(message); connection.close(); }
       await wss.close();
       http.close();
       console.log(typeof acceptKey, typeof connectionPair, new Topics().names());`,
    );
    const program = new Program(process.execPath, ['use.js'], { cwd: folder });
    expect([await program.exited, program.stderr]).toEqual([0, '']);
    expect(program.stdout).toBe('packed\nfunction function []\n');
  });

  it('runs the installed program: --version, explain, serve, check, diagnose and connect', async () => {
    const bin = join(folder, 'node_modules/.bin/meerkat');
    const version = new Program(bin, ['--version'], { cwd: folder });
    expect([await version.exited, version.stdout]).toEqual([0, '0.1.0\n']);
    const explain = new Program(bin, ['explain', '1006'], { cwd: folder });
    expect(await explain.exited).toBe(0);
    expect(explain.stdout).toContain('abnormal closure');
    const server = new Program(bin, ['serve', '.', '--port', '0'], { cwd: folder });
    const [url] = await server.prints(/ws:\/\/\S+/);
    const page = join(folder, 'report.html');
    const check = new Program(bin, ['check', url, '--cases', '1.1.1', '--html', page]);
    expect([await check.exited, check.stderr]).toEqual([0, expect.not.stringContaining('rror')]);
    expect(readFileSync(page, 'utf8')).toContain('1.1.1');
    const diagnose = new Program(bin, ['diagnose', url]);
    expect([await diagnose.exited, diagnose.stderr]).toEqual([0, '']);
    const client = new Program(bin, ['connect', url], { cwd: folder });
    client.write('hello\n');
    client.endInput();
    expect(await client.exited).toBe(0);
    expect(client.stdout).toBe('hello\n');
    expect(await server.stop()).toBe(0);
  });
});
