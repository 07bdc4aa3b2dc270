import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hexToBytes } from '../../src/util/bytes.ts';
import type { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { COMMANDS, FRAME_HEADER_SIZE } from '../../src/wire/index.ts';
import { frame } from '../simulation/hostile/session.ts';
import type { FuzzChain } from './chain.ts';
import { StrangeMessages } from './meaning.ts';

/** A message as it is on the wire, without its frame. */
export interface Sample {
  readonly command: string;
  readonly payload: Uint8Array;
}

/** Well-formed messages of each command, to be mutated. */
const SAMPLES_PER_COMMAND = 40;
/** Larger recorded payloads are left out: they would mean the same many times over. */
const MAX_RECORDED = 100_000;

/** Well-formed messages of every command; equal for equal arguments. */
export function makeSamples(chain: FuzzChain, random: SeededRandom): ReadonlyMap<string, readonly Sample[]> {
  const strange = new StrangeMessages(chain, random);
  return new Map(
    COMMANDS.map((command) => [
      command,
      Array.from({ length: SAMPLES_PER_COMMAND }, () => ({
        command,
        payload: frame(strange.of(command), chain.params).subarray(FRAME_HEADER_SIZE),
      })),
    ]),
  );
}

/** Where a conversation was recorded, as far as it matters here. */
interface RecordedLine {
  readonly dir?: string;
  readonly command?: string;
  readonly payloadHex?: string;
  readonly rawHex?: string;
}

/**
 * Everything that somebody sent in each recording below a folder, side by side and in order.
 * @param folder may be missing: no recordings then.
 */
export function readConversations(folder: string | undefined): readonly (readonly Sample[])[] {
  if (folder === undefined || !existsSync(folder)) return [];
  const conversations: Sample[][] = [];
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (name.endsWith('.jsonl')) conversations.push(...readConversation(join(folder, name)));
  }
  return conversations;
}

function readConversation(path: string): Sample[][] {
  const sides = new Map<string, Sample[]>();
  for (const text of readFileSync(path, 'utf8').split('\n')) {
    if (text === '') continue;
    const line: RecordedLine = JSON.parse(text);
    const sample = line.dir === undefined ? undefined : sampleOf(line);
    if (!sample || line.dir === undefined) continue;
    const side = sides.get(line.dir);
    if (side) side.push(sample);
    else sides.set(line.dir, [sample]);
  }
  return [...sides.values()];
}

function sampleOf({ command, payloadHex, rawHex }: RecordedLine): Sample | undefined {
  if (command === undefined) return undefined;
  // Recordings of malformed messages hold whole frames.
  const payload =
    payloadHex === undefined ? hexToBytes(rawHex ?? '').subarray(FRAME_HEADER_SIZE) : hexToBytes(payloadHex);
  return payload.length > MAX_RECORDED ? undefined : { command, payload };
}
