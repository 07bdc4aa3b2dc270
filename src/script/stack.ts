import { EMPTY_BYTES } from '../util/bytes.ts';
import { ScriptError } from './errors.ts';
import { decodeScriptNumber, encodeScriptNumber, isTrue } from './number.ts';

const TRUE = Uint8Array.of(1);

/**
 * The data stack of the engine. Items are shared, never changed. Positions count from the top: 0 is the top item.
 * Everything that needs more items than there are throws `ErrInvalidStackOperation` with the position it asked for.
 */
export class ScriptStack {
  /** Bottom first. */
  readonly items: Uint8Array[] = [];
  readonly #requireMinimal: boolean;

  /** @param requireMinimal numbers must have their shortest form. */
  constructor(requireMinimal: boolean) {
    this.#requireMinimal = requireMinimal;
  }

  get depth(): number {
    return this.items.length;
  }

  /** Replaces all items; `items` is copied, bottom first. */
  replace(items: readonly Uint8Array[]): void {
    this.items.length = 0;
    for (const item of items) this.items.push(item);
  }

  push(item: Uint8Array): void {
    this.items.push(item);
  }

  pushBool(value: boolean): void {
    this.items.push(value ? TRUE : EMPTY_BYTES);
  }

  pushNumber(value: number): void {
    this.items.push(encodeScriptNumber(value));
  }

  pop(): Uint8Array {
    const item = this.items.pop();
    if (item === undefined) throw outOfRange(0, 0);
    return item;
  }

  popBool(): boolean {
    return isTrue(this.pop());
  }

  /** Pops a number of at most four bytes. */
  popNumber(): number {
    return decodeScriptNumber(this.pop(), this.#requireMinimal);
  }

  peek(position: number): Uint8Array {
    return this.items[this.#indexOf(position)];
  }

  /** The number on top, of at most `maxSize` bytes, which stays there. */
  peekNumber(maxSize: number): number {
    return decodeScriptNumber(this.peek(0), this.#requireMinimal, maxSize);
  }

  /** Takes one item out. */
  remove(position: number): Uint8Array {
    return this.items.splice(this.#indexOf(position), 1)[0];
  }

  /** Pops `count` items. */
  drop(count: number): void {
    for (let i = 0; i < count; i++) this.pop();
  }

  /** Copies the item at `position` to the top, `count` times over: with `count` = position + 1 a group is duplicated. */
  copyFrom(position: number, count: number): void {
    for (let i = 0; i < count; i++) this.push(this.peek(position));
  }

  /** Moves the item at `position` to the top, `count` times over: swaps and rotates groups of items. */
  moveFrom(position: number, count: number): void {
    for (let i = 0; i < count; i++) this.push(this.remove(position));
  }

  #indexOf(position: number): number {
    const length = this.items.length;
    if (position < 0 || position >= length) throw outOfRange(position, length);
    return length - 1 - position;
  }
}

function outOfRange(position: number, size: number): ScriptError {
  return new ScriptError('ErrInvalidStackOperation', `index ${position} is invalid for stack size ${size}`);
}
