import { refuseUnknownOptions } from '../protocol/option-range.ts';
import type { SendOptions } from '../protocol/sendable.ts';
import { UsageError } from '../protocol/usage-error.ts';

/** How one message is published. */
export interface PublishOptions<Member> {
  /** Who does not get it: one subscriber, or a set of them. @default nobody */
  readonly except?: Member | ReadonlySet<Member> | undefined;
  /** Whether it is compressed, as for `connection.send`. @default what each connection's `threshold` says */
  readonly compress?: boolean | undefined;
}

/** The same, as it is looked at for each subscriber. */
export interface ResolvedPublishOptions<Member> {
  readonly exceptOne: Member | undefined;
  readonly exceptSome: ReadonlySet<Member> | undefined;
  /** The same object for every message: nothing is made for one. */
  readonly send: SendOptions | undefined;
}

const COMPRESSED: SendOptions = { compress: true };
const AS_IT_IS: SendOptions = { compress: false };

/** @throws {@link UsageError} for an unknown option, or a value that is none. */
export function resolvePublishOptions<Member extends object>(
  given: PublishOptions<Member>,
): ResolvedPublishOptions<Member> {
  refuseUnknownOptions(given, ['except', 'compress']);
  const { except, compress } = given;
  if (compress !== undefined && typeof compress !== 'boolean') {
    throw new UsageError('MEERKAT_OPTION_RANGE', 'compress is not a boolean');
  }
  const some = isSet(except);
  if (!some && except !== undefined && !isSubscriber(except)) {
    throw new UsageError('MEERKAT_OPTION_RANGE', 'except is neither a subscriber nor a set');
  }
  return {
    exceptOne: some ? undefined : except,
    exceptSome: some ? except : undefined,
    send: compress === undefined ? undefined : compress ? COMPRESSED : AS_IT_IS,
  };
}

/** Whether that can have subscribed. An array of some has not, and would leave out nobody. */
function isSubscriber(except: unknown): boolean {
  return (
    typeof except === 'object' &&
    except !== null &&
    typeof (except as { send?: unknown }).send === 'function'
  );
}

/** Whether that is a set, of any realm: no map, and no subscriber that has a method `has`. */
function isSet<Member extends object>(
  except: Member | ReadonlySet<Member> | undefined,
): except is ReadonlySet<Member> {
  return (
    typeof except === 'object' &&
    except !== null &&
    'has' in except &&
    !('get' in except) &&
    !('send' in except)
  );
}
