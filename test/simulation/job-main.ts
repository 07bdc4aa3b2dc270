/** A process that makes runs for `npm run sim -- --jobs N`, one after the other, until its parent lets go of it. */
import { type RunRequest, simulate } from './runs.ts';

process.on('message', (request: RunRequest) => {
  void simulate(request).then((result) => process.send?.(result));
});
