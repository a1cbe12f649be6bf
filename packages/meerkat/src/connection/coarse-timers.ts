import type { Sleeper, Timer } from './clock.ts';

/** Milliseconds: what is due within as many is called together, at their end. */
const GRAIN = 64;

/** Milliseconds up to which a group whose members all left is kept for others: they come and go faster than it fires. */
const KEPT = 60_000;

/** Those that are due together share one timer of Node: 56 octets each in place of 300. */
const groups = new Map<number, Group>();

/** Runs `fire` at `due`, or a round of reading later where that came late; answers how to stop that. */
type Schedule = (due: number, fire: () => void) => Timer;

class Group {
  readonly #due: number;
  readonly #timer: Timer;
  /** The members are a chain, so that each can leave at once. */
  first: Member | undefined;

  constructor(due: number, schedule: Schedule) {
    this.#due = due;
    this.#timer = schedule(due, () => this.#fire());
    groups.set(due, this);
  }

  leave(member: Member): void {
    const { previous, next } = member;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    // Whoever keeps a timer that is over must not keep its neighbours with it.
    member.previous = undefined;
    member.next = undefined;
    if (this.first !== undefined || this.#due - performance.now() < KEPT) return;
    this.#timer.cancel();
    groups.delete(this.#due);
  }

  #fire(): void {
    groups.delete(this.#due);
    try {
      while (this.first !== undefined) this.first.call();
    } finally {
      // One that throws does not keep the others from being called.
      if (this.first !== undefined) setImmediate(() => this.#fire());
    }
  }
}

class Member implements Timer {
  #group: Group | undefined;
  readonly #callback: (() => void) | Sleeper;
  previous: Member | undefined;
  next: Member | undefined;

  constructor(group: Group, callback: (() => void) | Sleeper) {
    this.#group = group;
    this.#callback = callback;
    this.next = group.first;
    if (this.next !== undefined) this.next.previous = this;
    group.first = this;
  }

  cancel(): void {
    const group = this.#group;
    this.#group = undefined;
    group?.leave(this);
  }

  call(): void {
    this.cancel();
    const callback = this.#callback;
    if (typeof callback === 'function') callback();
    else callback.wake();
  }
}

/** Calls `callback` at `time` or up to 64 ms later. Thousands that are due at about the same time cost one timer. */
export function callAfter(
  time: number,
  callback: (() => void) | Sleeper,
  schedule: Schedule,
): Timer {
  const due = Math.ceil(time / GRAIN) * GRAIN;
  return new Member(groups.get(due) ?? new Group(due, schedule), callback);
}
