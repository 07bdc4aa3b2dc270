export { outpointKey, outputKey } from '../../wire/index.ts';
