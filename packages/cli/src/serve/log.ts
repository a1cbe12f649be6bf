import { type Logger, pino, stdSerializers } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { escapeControls } from '../terminal/escape-controls.ts';
import type { LogSettings } from './log-settings.ts';
import { eventText, type ServeEvent } from './serve-event.ts';

/** Makes the log of `meerkat serve`. Nothing that a peer sent stands in it with its control characters. */
export function createLog({ level, format, colours, write }: LogSettings): Logger {
  const prettify = prettyFactory({
    colorize: colours,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname,reqId',
    hideObject: true, // the line says it
    messageFormat: (log, messageKey) =>
      'event' in log ? eventText(log as unknown as ServeEvent) : String(log[messageKey] ?? ''),
  });
  return pino(
    { level, serializers: { err: harmlessError } },
    { write: (line: string) => write(format === 'json' ? line : prettify(line)) },
  );
}

/** An error may quote what a peer sent. */
function harmlessError(error: Error): object {
  const serialized = stdSerializers.err(error);
  return {
    type: serialized.type,
    message: escapeControls(serialized.message),
    stack: escapeControls(serialized.stack ?? ''),
    ...('code' in error ? { code: String(error.code) } : {}),
  };
}
