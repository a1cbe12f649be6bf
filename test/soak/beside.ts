// A process that does nothing, beside the server: how late its event loop is, is how busy the machine is.
import { LoopDelay } from './loop-delay.ts';
import { answerWith } from './processes.ts';

const loop = new LoopDelay();
answerWith({
  restart: () => loop.restart(),
  delay: () => loop.take(),
  end() {},
});
