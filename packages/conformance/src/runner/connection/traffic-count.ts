import type { Traffic } from '../../report/result.ts';

/** Counted while a case runs. */
export type TrafficCount = { -readonly [Field in keyof Traffic]: Traffic[Field] };

export function newTraffic(): TrafficCount {
  return { wireOctets: 0, payloadOctets: 0, appOctets: 0, frames: 0, messages: 0 };
}
