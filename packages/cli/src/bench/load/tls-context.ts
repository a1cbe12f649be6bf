import { createSecureContext, type SecureContext } from 'node:tls';
import type { BenchPlan } from '../bench-plan.ts';

/** What all connections of a load share: made once, since to read the authorities takes milliseconds. */
export function tlsContext({
  ca,
  cert,
  key,
}: Pick<BenchPlan, 'ca' | 'cert' | 'key'>): SecureContext {
  return createSecureContext({
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  });
}
