import type { BlockOrder } from './block-order.ts';
import { RowError, RowReader, type RowWriter } from './row-codec.ts';

/** Positions of one stored page of the order. */
export const PAGE_POSITIONS = 64;

/**
 * A page of the order: for each of its positions three variable-length integers: block − position (signed, zigzag);
 * queue length before the position − position, 0 if the position was not processed; and 0, or 1 + block − anchor
 * (signed, zigzag).
 */
export function encodePage(order: BlockOrder, page: number, writer: RowWriter): Uint8Array {
  const end = Math.min((page + 1) * PAGE_POSITIONS, order.length);
  for (let position = page * PAGE_POSITIONS; position < end; position++) {
    const block = order.at(position);
    const lengthBefore = order.lengthBefore(position);
    const anchor = order.anchor(position);
    writer.varint(zigzag(block - position));
    writer.varint(lengthBefore === 0 ? 0 : lengthBefore - position);
    writer.varint(anchor < 0 ? 0 : 1 + zigzag(block - anchor));
  }
  return writer.finish();
}

/**
 * Appends a stored page to an order that is being loaded. `rows` is the number of block ids in use, `isUsable` says
 * whether an id is a connected block.
 * @throws {RowError} if the page is damaged or does not follow the pages before.
 */
export function loadPage(
  order: BlockOrder,
  page: Uint8Array,
  rows: number,
  isUsable: (block: number) => boolean,
): void {
  if (order.length % PAGE_POSITIONS !== 0) throw new RowError('a page of the order is missing');
  const reader = new RowReader(page);
  for (let count = 0; !reader.isAtEnd; count++) {
    const position = order.length;
    if (count === PAGE_POSITIONS) throw new RowError('a page of the order is too long');
    const block = position + unzigzag(reader.varint());
    const ahead = reader.varint();
    const reach = reader.varint();
    const anchor = reach === 0 ? -1 : block - unzigzag(reach - 1);
    if (!isUsable(block) || order.positionOf(block) >= 0) throw new RowError(`order position ${position} is damaged`);
    if (anchor !== -1 && !isUsable(anchor)) throw new RowError(`anchor of order position ${position} is damaged`);
    order.restore(block, ahead === 0 ? 0 : position + ahead, anchor, rows);
  }
}

/**
 * The blocks of a stored page, for comparing one page with another.
 * @param page number of the page.
 * @throws {RowError} if it does not decode.
 */
export function pageBlocks(bytes: Uint8Array, page: number): number[] {
  const reader = new RowReader(bytes);
  const blocks: number[] = [];
  while (!reader.isAtEnd) {
    blocks.push(page * PAGE_POSITIONS + blocks.length + unzigzag(reader.varint()));
    reader.varint();
    reader.varint();
  }
  return blocks;
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function unzigzag(value: number): number {
  return (value & 1) === 1 ? -((value + 1) / 2) : value / 2;
}
