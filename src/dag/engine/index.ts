/**
 * The DAG engine: block index, reachability, PHANTOM colouring and block order as pure structures over dense ids. No
 * store, no clock, no block contents. Its public face; the rest of `src/dag/` imports from here only.
 */
export { BlockIndex, BlockStatus } from './block-index.ts';
export { DagEngine, EngineLoadError, type EngineOptions } from './engine.ts';
export { PAGE_POSITIONS, pageBlocks } from './order-pages.ts';
export { type BlockRow, decodeRow, RowError } from './row-codec.ts';
