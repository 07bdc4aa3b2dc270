import { bytesToHex, equalBytes } from '../../util/bytes.ts';
import { type Hash, hashToHex } from '../../util/hash.ts';
import { formatAmount } from '../../wire/index.ts';
import { type BlockRow, BlockStatus } from '../engine/index.ts';
import { type BlockEffects, TxEffect } from '../outputs/effects.ts';
import { type Output, sameOutput } from '../outputs/output.ts';
import { type OutputRecord, ReplayState } from '../outputs/output-record.ts';
import type { StateRecord } from '../persist/state-record.ts';

/** How a block id is shown. */
export type NameOf = (id: number) => string;

const STATUS_NAMES: Readonly<Record<BlockStatus, string>> = {
  [BlockStatus.stored]: 'not connected',
  [BlockStatus.valid]: 'connected',
  [BlockStatus.failed]: 'failed',
};

const EFFECT_NAMES: Readonly<Record<TxEffect, string>> = {
  [TxEffect.skipped]: 'skipped',
  [TxEffect.applied]: 'applied',
  [TxEffect.ignored]: 'ignored',
};

const REPLAY_NAMES: Readonly<Record<ReplayState, string>> = {
  [ReplayState.absent]: 'unknown to the order',
  [ReplayState.unspent]: 'unspent',
  [ReplayState.spent]: 'spent',
  [ReplayState.ignored]: 'ignored',
};

/** Both sides of a difference, in the words of every message. */
export function versus(stored: string, derived: string): string {
  return `stored ${stored}, derived ${derived}`;
}

/** What a row says of its block, in words. */
export function statusName(status: BlockStatus): string {
  return STATUS_NAMES[status];
}

/** The first thing in which two rows of one block differ. */
export function rowDifference(stored: BlockRow, derived: BlockRow, nameOf: NameOf): string {
  const named = (ids: Iterable<number>): string => `[${Array.from(ids, nameOf).join(' ')}]`;
  const facts: readonly (readonly [string, (row: BlockRow) => string])[] = [
    ['hash', ({ hash }) => hashToHex(hash)],
    ['status', ({ status }) => STATUS_NAMES[status]],
    ['time', ({ time }) => String(time)],
    ['bits', ({ bits }) => bits.toString(16)],
    ['parents', ({ parents }) => named(parents)],
    ['selected parent', ({ links }) => (links ? nameOf(links.selectedParent) : 'none')],
    ['blue set beyond that of the selected parent', ({ links }) => named((links?.chains ?? []).flat().sort(ascending))],
    ['tree parent', ({ links }) => (links ? nameOf(links.treeParent) : 'none')],
    ['chains of the blue set', ({ links }) => (links?.chains ?? []).map(named).join(' ')],
    ['merge set', ({ links }) => named(links?.rest ?? [])],
  ];
  for (const [name, textOf] of facts) {
    const [a, b] = [textOf(stored), textOf(derived)];
    if (a !== b) return `${name}: ${versus(a, b)}`;
  }
  return 'row: stored with other bytes of the same meaning';
}

/** The first transaction or output in which the effects of one block differ. @param txids of the block. */
export function effectsDifference(stored: BlockEffects, derived: BlockEffects, txids: readonly Hash[]): string {
  const count = Math.max(stored.transactions.length, derived.transactions.length);
  for (let i = 0; i < count; i++) {
    const [a, b] = [stored.transactions[i], derived.transactions[i]];
    if (a !== b)
      return `transaction ${i} (${txids[i] ? hashToHex(txids[i]) : 'none'}): ${versus(effect(a), effect(b))}`;
  }
  for (let i = 0; i < Math.max(stored.existing.length, derived.existing.length); i++) {
    const [a, b] = [stored.existing[i], derived.existing[i]].map((entry) =>
      entry
        ? `transaction ${entry.transaction} over output ${entry.output} (${describeOutput(entry.before.entry)}, ${REPLAY_NAMES[entry.before.state]})`
        : 'none',
    );
    if (a !== b) return `output that was there before: ${versus(a, b)}`;
  }
  return 'stored with other bytes of the same meaning';
}

/** In which way the records of one output differ. */
export function outputDifference(stored: OutputRecord | undefined, derived: OutputRecord | undefined): string {
  return versus(describeRecord(stored), describeRecord(derived));
}

/** The first thing in which two state records differ, the number of commits left out; undefined if nothing. */
export function stateDifference(stored: StateRecord, derived: StateRecord, nameOf: NameOf): string | undefined {
  const facts: readonly (readonly [string, (state: StateRecord) => string])[] = [
    ['number of blocks', ({ blocks }) => String(blocks)],
    ['length of the order', ({ orderLength }) => String(orderLength)],
    ['hash of the order', ({ orderHash }) => hashToHex(orderHash)],
    ['number of output rows', ({ outputRows }) => String(outputRows)],
    ['number of outputs in the stored set', ({ storedOutputs }) => String(storedOutputs)],
    ['hash of the output set', ({ outputSetHash }) => hashToHex(outputSetHash)],
    ['block connected last', ({ best }) => nameOf(best.id)],
    ['size of the block connected last', ({ best }) => `${best.size} bytes, weight ${best.weight}`],
    ['number of transactions', ({ best }) => `${best.txCount} of ${best.totalTxs}`],
    ['median time', ({ best }) => String(best.medianTime)],
  ];
  for (const [name, textOf] of facts) {
    const [a, b] = [textOf(stored), textOf(derived)];
    if (a !== b) return `${name}: ${versus(a, b)}`;
  }
  return undefined;
}

function ascending(a: number, b: number): number {
  return a - b;
}

function effect(value: TxEffect | undefined): string {
  return value === undefined ? 'nothing' : EFFECT_NAMES[value];
}

function describeRecord(record: OutputRecord | undefined): string {
  if (!record) return 'nothing';
  const { state, entry, stored } = record;
  const replay = entry ? `${REPLAY_NAMES[state]} (${describeOutput(entry)})` : REPLAY_NAMES[state];
  if (!stored) return `${replay} and not in the stored set`;
  const isSame = entry !== undefined && sameOutput(entry, stored);
  return `${replay} and in the stored set${isSame ? '' : ` as another one (${describeOutput(stored)})`}`;
}

function describeOutput(output: Output | undefined): string {
  if (!output) return 'none';
  const { value, height, isCoinbase, pkScript } = output;
  const script = bytesToHex(pkScript);
  return `${formatAmount(value)} of ${isCoinbase ? 'the coinbase' : 'a transaction'} at height ${height}, script ${script}`;
}

/** True if two rows hold the same bytes; a missing one equals nothing. */
export function sameRow(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && equalBytes(a, b);
}
