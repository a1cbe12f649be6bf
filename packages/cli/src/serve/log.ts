import { type Logger, pino, stdSerializers } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { escapeControls, oneLine } from '../terminal/escape-controls.ts';
import type { LogSettings } from './log-settings.ts';
import { eventText, type ServeEvent } from './serve-event.ts';

/** Makes the log of `meerkat serve`. Nothing that a peer sent stands in it with its control characters. */
export function createLog({ level, format, colours, write }: LogSettings): Logger {
  const prettify = prettyFactory({
    colorize: colours,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname,reqId',
    hideObject: true, // the line says it
    messageFormat: (log, messageKey) => {
      if ('event' in log) return eventText(log as unknown as ServeEvent);
      const message = String(log[messageKey] ?? '');
      return 'err' in log ? `${message}: ${errorText(log['err'] as HarmlessError)}` : message;
    },
  });
  return pino(
    { level, serializers: { err: harmlessError } },
    { write: (line: string) => write(format === 'json' ? line : prettify(line)) },
  );
}

/** An error as the log has it. */
interface HarmlessError {
  readonly type: string;
  readonly message: string;
  readonly stack: string;
  readonly code?: string;
}

/** An error may quote what a peer sent, and be anything that can be thrown. */
function harmlessError(thrown: unknown): HarmlessError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const serialized = stdSerializers.err(error);
  return {
    type: serialized.type,
    message: escapeControls(serialized.message),
    stack: escapeControls(serialized.stack ?? ''),
    ...('code' in error ? { code: String(error.code) } : {}),
  };
}

/** What it says in one line, so that it cannot pass for another line of the log; below that, where it was. */
function errorText({ type, message, stack }: HarmlessError): string {
  return [oneLine(`${type}: ${message}`), ...stack.split('\n').filter(isPlace)].join('\n');
}

function isPlace(line: string): boolean {
  return /^ {4}at /.test(line);
}
