import { type AnswerHead, valuesOf } from './answer-head.ts';
import type { Step } from './diagnosis.ts';
import { quoted } from './octet-words.ts';
import type { Target } from './target.ts';

export type Words = Pick<Step, 'seen' | 'means' | 'advice' | 'fault' | 'rule'>;

/** Servers that speak more than WebSocket, and want to be asked in their own way. */
export function recognise(body: string, head: AnswerHead, target: Target): Words | undefined {
  const type = valuesOf(head, 'content-type').join().toLowerCase();
  if (/\{"code":\d+,"message":"/.test(body) || /^\d*:?0\{"sid":"/.test(body)) {
    return {
      fault: 'engine-io',
      seen: `This is a Socket.IO (engine.io) server: it answered ${head.status} ${quoted(body)}.`,
      means: 'It wants its own parameters in the URL, and its own packets in the messages.',
      advice: `Use a Socket.IO client; to look at it here: ${target.shown.replace(/\/[^/]*$/, '')}/?EIO=4&transport=websocket`,
    };
  }
  if (/welcome to sockjs/i.test(body)) {
    return {
      fault: 'sockjs',
      seen: `This is a SockJS server: it answered ${quoted(body.trim())}.`,
      advice: `Use a SockJS client, or its plain WebSocket at ${target.shown.replace(/\/$/, '')}/websocket`,
    };
  }
  if (
    type.includes('graphql') ||
    /"errors"\s*:\s*\[.*(?:query|operation|graphql)/is.test(body) ||
    /get query missing|must provide query/i.test(body)
  ) {
    return {
      fault: 'graphql',
      seen: `This is GraphQL over HTTP: it answered ${head.status} ${quoted(body)}.`,
      means: 'Queries are answered here, subscriptions over WebSocket are not.',
      advice:
        'Find the path for subscriptions, and offer its subprotocol: -s graphql-transport-ws (or graphql-ws).',
    };
  }
  if (/connection id required|no connection with that id/i.test(body)) {
    return {
      fault: 'signalr',
      seen: `This is a SignalR server: it answered ${head.status} ${quoted(body)}.`,
      advice: 'Use a SignalR client, or let the server skip the negotiation.',
    };
  }
  if (type.startsWith('text/event-stream')) {
    return {
      fault: 'event-stream',
      seen: 'The answer is a stream of Server-Sent Events, not a WebSocket.',
      advice: 'Read it with EventSource, or find the path of the WebSocket.',
    };
  }
  if (head.status === 400 && /plain http request.*https|http request to an https/i.test(body)) {
    return {
      fault: 'plain-on-tls-port',
      seen: `The port speaks TLS, and ws:// does not: the server answered ${quoted(body, 120)}.`,
      advice: 'Write wss:// in place of ws://.',
    };
  }
  return undefined;
}
