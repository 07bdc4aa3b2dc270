import { hashToHex } from '../../util/hash.ts';
import type { RpcDagBlock, RpcDagChange } from '../event-ports.ts';
import type { JsonResult } from '../json/encode.ts';
import { flag, hash, list, maybe, type RecordSchema, record, whole } from '../schema/result.ts';

/** Parents of one block that are listed. */
export const MAX_LISTED_PARENTS = 64;
/** Blocks that one change lists; a larger one asks for a new snapshot instead. */
export const MAX_LISTED_BLOCKS = 1000;

/** A block as a picture of the DAG needs it. */
export function blockObject({ hash: id, height, time, parents, isBlue, position, txCount }: RpcDagBlock): JsonResult {
  return {
    hash: hashToHex(id),
    height,
    time,
    parents: parents.slice(0, MAX_LISTED_PARENTS).map(hashToHex),
    parentcount: parents.length,
    blue: isBlue,
    position: position ?? -1,
    transactions: txCount,
  };
}

/** What {@link blockObject} makes. */
export const blockSchema: RecordSchema = record({
  hash: hash(),
  height: whole(),
  time: whole('', 'Unix seconds'),
  parents: list(hash(), `The first ${MAX_LISTED_PARENTS}`),
  parentcount: whole('', 'blocks'),
  blue: flag('For the virtual block over all tips'),
  position: whole('In the order, genesis has 0; -1 if a redundant parent keeps the block out'),
  transactions: whole(),
});

/** The parameter of `dagchanged`. */
export function changeObject(change: RpcDagChange): JsonResult {
  const { info, sequence, cut, removedCount, addedCount, colourCount, isBlue, position } = change;
  const { hash: id, height, block, parents } = info;
  const formerTips = change.formerTips();
  const isTooLarge = Math.max(addedCount, colourCount, formerTips.length) > MAX_LISTED_BLOCKS;
  return {
    sequence,
    block: blockObject({
      hash: id,
      height,
      time: block.header.timestamp,
      parents,
      isBlue,
      position,
      txCount: block.transactions.length,
    }),
    order: {
      cut,
      removed: removedCount,
      added: isTooLarge ? [] : change.added().map(hashToHex),
      length: change.orderLength,
    },
    colours: isTooLarge ? [] : change.colours().map((each) => ({ hash: hashToHex(each.hash), blue: each.isBlue })),
    formertips: isTooLarge ? [] : formerTips.map(hashToHex),
    bluescore: change.virtualBlueScore,
    resync: isTooLarge || undefined,
  };
}

/** What {@link changeObject} makes. */
export const changeSchema: RecordSchema = record({
  sequence: whole('Blocks in the DAG with this one'),
  block: blockSchema,
  order: record({
    cut: whole('First position that changed'),
    removed: whole('That stood there and behind it before', 'blocks'),
    added: list(hash(), 'Blocks that stand there now'),
    length: whole('Of the order', 'blocks'),
  }),
  colours: list(record({ hash: hash(), blue: flag() }), 'Blocks whose colour changed, the new one if it is blue'),
  formertips: list(hash(), 'Parents that were tips before; the block is one now'),
  bluescore: whole('Blue blocks of the DAG', 'blocks'),
  resync: maybe(flag('The change is too large to be listed: subscribe again for a snapshot')),
});
