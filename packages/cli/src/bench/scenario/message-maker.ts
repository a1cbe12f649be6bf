import type { Message } from 'meerkat';
import type { ScenarioMessage } from '../bench-plan.ts';
import { fillIn, fillInJson, type Variables } from './template.ts';

const FILLING = 'meerkat stands upright and keeps watch. ';

/** Makes the messages of a scenario; those without variables once for all users. */
export class MessageMaker {
  readonly #made = new WeakMap<ScenarioMessage, Message>();

  make(message: ScenarioMessage, variables: Variables): Message {
    const known = this.#made.get(message);
    if (known !== undefined) return known;
    if ('text' in message)
      return this.#keep(message, message.text, fillIn(message.text, variables));
    if ('json' in message) {
      const template = JSON.stringify(message.json);
      return this.#keep(
        message,
        template,
        template.includes('${') ? JSON.stringify(fillInJson(message.json, variables)) : template,
      );
    }
    const octets =
      'hex' in message ? Buffer.from(message.hex, 'hex') : Buffer.alloc(message.size, FILLING);
    const text = 'size' in message && message.binary !== true;
    return this.#keep(message, '', text ? octets.toString('latin1') : octets);
  }

  #keep(message: ScenarioMessage, template: string, made: Message): Message {
    if (!template.includes('${')) this.#made.set(message, made);
    return made;
  }
}
