import type { Connection, Message } from 'meerkat';

/** Sends a message back as it came. A client that sends and does not read is not read from either. */
export async function echo(connection: Connection, message: Message): Promise<void> {
  if (connection.send(message) !== 'sent') await connection.drained();
}

/** Whether a message is the word on which its sender is closed; blanks around it do not count. */
export function isQuitWord(message: Message, quitWord: string | undefined): boolean {
  return quitWord !== undefined && typeof message === 'string' && message.trim() === quitWord;
}
