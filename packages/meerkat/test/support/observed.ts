export { control, observe, observed } from '../../../../test/support/observed.ts';
