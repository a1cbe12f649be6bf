// Section F: frames that sections 1 to 10 leave out. The numbers of its groups are those of our catalogue of bad input.
import type { Case } from './case.ts';
import { CLOSING, CUT_OFF } from './section-f-closing.ts';
import { FRAMES } from './section-f-frames.ts';
import { STREAMS } from './section-f-streams.ts';
import { TEXT } from './section-f-text.ts';

/** Cases of our own on frames, in the order of their ids. */
export const SECTION_F: readonly Case[] = [...FRAMES, ...CLOSING, ...TEXT, ...STREAMS, ...CUT_OFF];
