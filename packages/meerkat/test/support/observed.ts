export { observe, observed } from '../../../../test/support/observed.ts';
