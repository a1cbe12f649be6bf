// Publish and subscribe alone: no sockets, no Node. `import … from 'meerkat/topics'`.
export { type MessageContent, PreparedMessage } from '../protocol/prepared-message.ts';
export type { Sendable, SendOptions, SendResult } from '../protocol/sendable.ts';
export { type UsageCode, UsageError } from '../protocol/usage-error.ts';
export type { PublishOptions } from './publish-options.ts';
export type { Subscriber } from './subscriber.ts';
export type { Published } from './topic.ts';
export { Topics } from './topics.ts';
export type { TopicsNumbers, TopicsOptions } from './topics-options.ts';
