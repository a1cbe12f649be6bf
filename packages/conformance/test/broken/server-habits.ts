// What a server does besides echoing: the opening handshake, its extension, the process it is.
import { acceptFor, type Unlooked } from './upgrade-check.ts';

/** What a server does besides echoing. */
export interface ServerHabits {
  readonly unlooked: readonly Unlooked[];
  readonly accept: (key: string) => string;
  /** The head of its 101, made of the right one. */
  readonly head: (head: string) => string;
  /** `bare`: without any parameter; `refused`: never. */
  readonly deflate: 'negotiated' | 'bare' | 'refused';
  /** More connections than these wait for their turn, or are refused. */
  readonly atATime: number;
  readonly others: 'wait' | 'are refused';
  /** What a death of the process comes to. */
  readonly afterDeath: 'stays down' | 'restarts';
}

export const CORRECT_SERVER: ServerHabits = {
  unlooked: [],
  accept: acceptFor,
  head: (head) => head,
  deflate: 'negotiated',
  atATime: Number.POSITIVE_INFINITY,
  others: 'wait',
  afterDeath: 'stays down',
};
