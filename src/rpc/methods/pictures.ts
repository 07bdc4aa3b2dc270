import { messageOf, RpcError, RpcErrorCode } from '../errors.ts';
import { optional } from '../params/signature.ts';
import { int } from '../params/types.ts';
import { text } from '../schema/result.ts';
import { defineMethod, type Method } from './define.ts';

/** More than this nobody can look at, and drawing takes seconds. */
export const MAX_DRAWN = 1000;
const DEFAULT_DRAWN = 100;

/** Methods that draw. Not in soterd 2.1.1. */
export const pictureMethods: readonly Method[] = [
  defineMethod({
    name: 'drawdag',
    params: [optional('blocks', int, `How many of the newest blocks are drawn, at most ${MAX_DRAWN}.`, DEFAULT_DRAWN)],
    extension: true,
    about: 'A picture of the newest blocks: colours, order, selected parents and tips.',
    result: text('An SVG element', 'svg'),
    run: async ({ ports }, [blocks = DEFAULT_DRAWN]) => {
      if (!(blocks >= 1 && blocks <= MAX_DRAWN))
        throw new RpcError(RpcErrorCode.invalidParameter, `blocks must be 1 to ${MAX_DRAWN}`);
      if (!ports.pictures) throw new RpcError(RpcErrorCode.misc, 'This node draws no pictures');
      try {
        return await ports.pictures.draw(blocks);
      } catch (error) {
        throw new RpcError(RpcErrorCode.misc, messageOf(error));
      }
    },
  }),
];
