// The parameters of permessage-deflate (RFC 7692 §7.1), read strictly.
import { type Extension, ExtensionFieldError } from './extension-field.ts';

export const PERMESSAGE_DEFLATE = 'permessage-deflate';
export const LARGEST_WINDOW_BITS = 15;

/** The parameters of an offer or an answer. */
export interface DeflateParameters {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  readonly serverMaxWindowBits?: number;
  /** `true`, in offers only: the client understands the parameter, and has no limit of its own. */
  readonly clientMaxWindowBits?: number | true;
}

/**
 * The parameters of one permessage-deflate element.
 *
 * @throws {@link ExtensionFieldError} for an unknown or repeated parameter, a value where none may be, none where one must
 * be, and a window that is not 8 to 15.
 */
export function readParameters(
  { parameters }: Extension,
  kind: 'offer' | 'answer',
): DeflateParameters {
  const names = new Set<string>();
  const read: { -readonly [K in keyof DeflateParameters]: DeflateParameters[K] } = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
  };
  for (const [name, value] of parameters) {
    if (names.has(name)) throw new ExtensionFieldError(`repeats ${name}`);
    names.add(name);
    switch (name) {
      case 'server_no_context_takeover':
        refuseValue(name, value);
        read.serverNoContextTakeover = true;
        break;
      case 'client_no_context_takeover':
        refuseValue(name, value);
        read.clientNoContextTakeover = true;
        break;
      case 'server_max_window_bits':
        read.serverMaxWindowBits = windowBits(name, value);
        break;
      case 'client_max_window_bits':
        read.clientMaxWindowBits =
          value === true && kind === 'offer' ? true : windowBits(name, value);
        break;
      default:
        throw new ExtensionFieldError(`has the unknown parameter ${name}`);
    }
  }
  return read;
}

function refuseValue(name: string, value: string | true): void {
  if (value !== true) throw new ExtensionFieldError(`gives ${name} the value ${value}`);
}

/** "A decimal integer value without leading zeroes between 8 to 15, inclusive" (§7.1.2.1). */
function windowBits(name: string, value: string | true): number {
  if (value === true) throw new ExtensionFieldError(`gives ${name} no value`);
  if (!/^(?:[89]|1[0-5])$/.test(value)) {
    throw new ExtensionFieldError(`gives ${name} the value ${value}, which is not 8 to 15`);
  }
  return Number(value);
}
