// Section H: the opening handshake of servers.
import type { RequestCase } from './case.ts';
import { SECTION_H_FIELDS } from './section-h-fields.ts';
import { SECTION_H_OCTETS } from './section-h-octets.ts';

/** Raw requests, numbered by what is wrong with them. */
export const SECTION_H: readonly RequestCase[] = [...SECTION_H_FIELDS, ...SECTION_H_OCTETS];
