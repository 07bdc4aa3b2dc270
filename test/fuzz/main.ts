/** `npm run fuzz -- [options]`: sends mutated messages to a real node, while honest peers use it. See docs/fuzzing.md. */
import { resolve } from 'node:path';
import { readConversations } from './corpus.ts';
import { type FuzzResult, fuzz } from './fuzzer.ts';
import { type Options, parseOptions, USAGE, UsageError } from './options.ts';
import { ProcessTarget } from './process-target.ts';
import { jsonOf, textOf, writeLatest } from './report.ts';

/** Between two lines about the progress, milliseconds. */
const PROGRESS_INTERVAL = 30_000;

async function attack(options: Options): Promise<FuzzResult> {
  const target = await ProcessTarget.start();
  const folder = options.vectors ?? resolve(process.env.SOTERD_VECTORS ?? '../shared/vectors', 'p2p');
  let told = Date.now();
  const progress = (sent: number) => {
    if (options.json || Date.now() - told < PROGRESS_INTERVAL) return;
    told = Date.now();
    console.log(`${sent} messages, ${Math.round((target.memory()?.live ?? 0) / 2 ** 20)} MB`);
  };
  try {
    const result = await fuzz(target, { ...options, conversations: readConversations(folder), progress });
    await target.stop();
    // The end may have brought something to light.
    const problems = [...new Set([...target.problems, ...result.problems])];
    if (problems.length > 0) {
      console.error(`what soterd printed last:\n${target.output}\n`);
      console.error(`what soterd printed of honest peers:\n${target.honestOutput}\n`);
    }
    return { ...result, problems };
  } finally {
    await target.stop();
    target.remove();
  }
}

async function main(args: readonly string[]): Promise<boolean> {
  const options = parseOptions(args, Math.floor(Date.now() / 1000));
  if (options.help) {
    console.log(USAGE);
    return true;
  }
  const result = await attack(options);
  if (options.json) console.log(jsonOf(result));
  else console.log(textOf(result));
  if (result.problems.length === 0) return true;
  const { messages, seed, connections, time } = options;
  for (const problem of result.problems) console.error(`FAILED: ${problem}`);
  console.error(`the latest messages are in ${writeLatest(result)}`);
  console.error(
    `replay: npm run fuzz -- --messages ${messages} --seed ${seed} --connections ${connections} --time ${time}`,
  );
  return false;
}

try {
  process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
